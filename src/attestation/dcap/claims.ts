import { concat, fromHex, toHex, type Bytes } from "../../protocol/bytes.js";
import { sha256 } from "../../protocol/hash.js";
import type { Genuine } from "../verdict.js";
import { septVeDisabled } from "./attributes.js";
import type { EnclaveReport, TdReport } from "./bodies.js";
import type { Quote } from "./parse.js";

type Told = Pick<Genuine, "platform" | "measurements" | "attributes" | "reportData" | "evidenceDigest">;

/** What a quote says of itself, by the platform's names in lower case. */
export function claimsOf(quote: Quote): Told {
  const { body, version } = quote;
  const common = { reportData: body.report.reportData.slice(), evidenceDigest: digestOf(quote) };
  return body.tee === "sgx"
    ? { platform: "sgx", ...common, ...enclaveClaims(body.report, version) }
    : { platform: "tdx", ...common, ...tdClaims(body.report, version, body.version) };
}

function enclaveClaims(report: EnclaveReport, quoteVersion: number) {
  return {
    measurements: { mrenclave: toHex(report.mrEnclave), mrsigner: toHex(report.mrSigner) },
    attributes: {
      quoteVersion, dbgstat: "disabled", isvprodid: report.isvProdId, isvsvn: report.isvSvn, sgxattributes: toHex(report.attributes),
      miscselect: toHex(report.miscSelect), cpusvn: toHex(report.cpuSvn),
    },
  };
}

function tdClaims(report: TdReport, quoteVersion: number, tdVersion: string) {
  const [rtmr0, rtmr1, rtmr2, rtmr3] = report.rtmrs.map(toHex) as [string, string, string, string];
  return {
    measurements: {
      mrtd: toHex(report.mrTd), rtmr0, rtmr1, rtmr2, rtmr3, mrconfigid: toHex(report.mrConfigId), mrowner: toHex(report.mrOwner),
      mrownerconfig: toHex(report.mrOwnerConfig), mrseam: toHex(report.mrSeam), mrsignerseam: toHex(report.mrSignerSeam),
    },
    attributes: {
      quoteVersion, tdVersion, dbgstat: "disabled", tdattributes: toHex(report.tdAttributes), septVeDisable: septVeDisabled(report),
      xfam: toHex(report.xfam), seamattributes: toHex(report.seamAttributes), teetcbsvn: toHex(report.teeTcbSvn),
      ...(report.teeTcbSvn2 ? { teetcbsvn2: toHex(report.teeTcbSvn2) } : {}),
    },
  };
}

const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/**
 * SHA-256 of the signed part and its signature. An ECDSA signature (r, s) holds as (r, n - s) too, and whoever relays a
 * quote can turn one into the other: the lesser s is digested, so that both are the same evidence to a replay table.
 */
function digestOf({ signed, signature }: Quote): Bytes {
  const s = BigInt(`0x${toHex(signature.subarray(32))}`);
  const lesser = s > ORDER / 2n ? ORDER - s : s;
  return sha256(concat(signed, signature.subarray(0, 32), fromHex(lesser.toString(16).padStart(64, "0"))));
}
