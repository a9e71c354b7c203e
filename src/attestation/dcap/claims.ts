import { toHex } from "../../protocol/bytes.js";
import type { Genuine } from "../verdict.js";
import { evidenceDigest } from "../x509/evidence-digest.js";
import { septVeDisabled } from "./attributes.js";
import type { EnclaveReport, TdReport } from "./bodies.js";
import type { Quote } from "./parse.js";

type Told = Pick<Genuine, "platform" | "measurements" | "attributes" | "reportData" | "evidenceDigest">;

/** What a quote says of itself, by the platform's names in lower case. */
export function claimsOf(quote: Quote): Told {
  const { body, version } = quote;
  const common = { reportData: body.report.reportData.slice(), evidenceDigest: evidenceDigest("P-256", quote.signed, quote.signature) };
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
