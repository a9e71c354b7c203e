import { z } from "zod";
import { fromBase64, type Bytes } from "../../protocol/bytes.js";
import { ensure } from "../../protocol/errors.js";
import { readJson, readUtf8 } from "../common/text.js";

/** What AMD's key service (KDS) serves beside the pinned chain. */
export interface SnpCollateral {
  /** DER of the VCEK or VLEK certificate. */
  readonly vek: Bytes;
  /** DER of its issuer, when served along: compared with the pinned one, never trusted. */
  readonly ask?: Bytes | undefined;
  /** DER of the product's revocation list, signed by the ARK. */
  readonly crl?: Bytes | undefined;
}

const MAX_COLLATERAL_BYTES = 64 * 1024;

const der = z.string().max(MAX_COLLATERAL_BYTES).transform((text, context) => {
  try {
    return fromBase64(text);
  } catch {
    context.addIssue({ code: "custom", message: "not canonical base64" });
    return z.NEVER;
  }
});
const schema = z.strictObject({ vek: der, ask: der.optional(), crl: der.optional() });

/** Parses `{"vek": base64, "ask"?: base64, "crl"?: base64}`. @throws collateral_missing, collateral_malformed */
export function parseSnpCollateral(collateral: Bytes): SnpCollateral {
  ensure(collateral.length > 0, "collateral_missing", "the certificate of the endorsement key (VCEK or VLEK) is missing");
  const { length } = collateral;
  ensure(length <= MAX_COLLATERAL_BYTES, "collateral_malformed", "collateral too large", { bytes: length, limit: MAX_COLLATERAL_BYTES });
  return readJson(schema, readUtf8(collateral), "SNP collateral");
}
