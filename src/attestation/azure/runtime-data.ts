import { z } from "zod";
import { fromBase64, type Bytes } from "../../protocol/bytes.js";
import { ensure, VeriteeError } from "../../protocol/errors.js";
import { rsaKey, type PublicKey } from "../x509/keys.js";
import { tryParse } from "../../protocol/schema.js";

/** What the paravisor says of the virtual machine; only read once the hardware report binds its exact bytes. */
export interface RuntimeData {
  /** HCLAkPub: signs the vTPM's quotes. */
  readonly attestationKey: PublicKey;
  /** Flags and names of `vm-configuration`, as attributes. */
  readonly configuration: Readonly<Record<string, string | boolean>>;
  /** 64 bytes that the guest may set, lower-case hex. */
  readonly userData: string;
}

const ATTESTATION_KEY = "HCLAkPub";

const keySchema = z.looseObject({ kid: z.string(), kty: z.string(), n: z.string().max(1024), e: z.string().max(16), key_ops: z.array(z.string()).max(8) });
const schema = z.looseObject({
  keys: z.array(keySchema).min(1).max(8),
  "vm-configuration": z.looseObject({
    "console-enabled": z.boolean(), "secure-boot": z.boolean(), "tpm-enabled": z.boolean(), "tpm-persisted": z.boolean().optional(),
    "vmUniqueId": z.string().max(64), "root-cert-thumbprint": z.string().max(128).optional(),
  }),
  "user-data": z.string().regex(/^[0-9a-fA-F]{128}$/),
});

/** @throws evidence_malformed */
export function parseRuntimeData(bytes: Bytes): RuntimeData {
  const { keys, "vm-configuration": vm, "user-data": userData } = read(bytes);
  const [key, ...others] = keys.filter(({ kid }) => kid === ATTESTATION_KEY);
  ensure(key !== undefined && others.length === 0, "evidence_malformed", "the runtime data name not exactly one attestation key", { kid: ATTESTATION_KEY });
  ensure(key.kty === "RSA" && key.key_ops.join() === "sign", "evidence_malformed", "the attestation key is no RSA signing key", { kty: key.kty });
  return {
    attestationKey: rsaKey(fromBase64Url(key.n), fromBase64Url(key.e)),
    configuration: {
      secureBoot: vm["secure-boot"], consoleEnabled: vm["console-enabled"], tpmEnabled: vm["tpm-enabled"], vmUniqueId: vm.vmUniqueId,
      ...(vm["tpm-persisted"] === undefined ? {} : { tpmPersisted: vm["tpm-persisted"] }),
      ...(vm["root-cert-thumbprint"] === undefined ? {} : { rootCertThumbprint: vm["root-cert-thumbprint"] }),
    },
    userData: userData.toLowerCase(),
  };
}

function read(bytes: Bytes): z.infer<typeof schema> {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (cause) {
    throw new VeriteeError("evidence_malformed", "the runtime data are no JSON", {}, { cause });
  }
  const result = tryParse(schema, json);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new VeriteeError("evidence_malformed", "the runtime data are not of the expected form", { field: issue?.path.join(".") ?? "" });
}

/** Without padding, as JSON web keys have it. */
function fromBase64Url(text: string): Bytes {
  const padded = text.replaceAll("-", "+").replaceAll("_", "/").padEnd(Math.ceil(text.length / 4) * 4, "=");
  try {
    return fromBase64(padded);
  } catch (cause) {
    throw new VeriteeError("evidence_malformed", "a key of the runtime data is not base64url", {}, { cause });
  }
}
