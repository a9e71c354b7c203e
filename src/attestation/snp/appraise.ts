import { equalBytes, lp, toHex, type Bytes } from "../../protocol/bytes.js";
import { ensure } from "../../protocol/errors.js";
import { sha256 } from "../../protocol/hash.js";
import { holdsAt, Memo } from "../common/memo.js";
import type { Appraiser, AppraiserInput, Genuine, TrustAnchors } from "../verdict.js";
import { evidenceDigest } from "../x509/evidence-digest.js";
import { verifySignature } from "../x509/signature.js";
import { endorse, type Endorsement } from "./chain.js";
import { parseSnpCollateral } from "./collateral.js";
import { ensureGuestPolicy, flagAttributes } from "./guest-policy.js";
import { productOfCpuid, type SnpProduct } from "./product.js";
import { parseReport, type SigningKey, type SnpReport } from "./report.js";
import { readTcbs, TCB_PARTS, tcbAttributes, tcbView, type TcbVersion } from "./tcb.js";
import { readEndorsementKey, type EndorsementKey } from "./vek.js";

const MAX_ENDORSEMENTS = 256;
interface Endorsed { readonly endorsement: Endorsement; readonly key: EndorsementKey }

/**
 * AMD SEV-SNP. Evidence: the bare 1,184-byte report. Collateral: JSON
 *
 *     {"vek": base64 DER, "ask"?: base64 DER, "crl"?: base64 DER}
 *
 * `vek` is the VCEK or VLEK certificate as AMD's key service gives it; `ask` its issuer and `crl` the product's revocation
 * list, both optional. Roots and issuers are the pinned chains alone.
 *
 * Revocation: a list that is given is judged to the full. None given is no refusal here, since AMD's service is the only
 * source and a list is fresh for the whole fleet, not for one report: attribute `revocationJudged` says which it was, and
 * the appraisal policy may demand it.
 *
 * AMD signs no list of TCB levels, so `tcb.status` stays undefined: minimum SVNs, VMPL, product and platform bits are the
 * policy's, by the attributes below.
 *
 * Order of checks, the first failure is thrown: report format; endorsement key's path, role and validity to a pinned ARK;
 * one product by CPUID (version 3 and later), key and chain; signature; key's SVNs equal REPORTED_TCB; key's chip equals
 * CHIP_ID; debug, migration and unknown policy bits.
 *
 * What rests on collateral and anchors alone is remembered by their content, in a small table that this appraiser owns. Time
 * is judged on every call: outside the window in which all of an entry is good, it is as if there were none.
 *
 * @throws evidence_malformed, evidence_anchor, evidence_signature, evidence_product, evidence_debug, evidence_attributes,
 * certificate_*, collateral_*
 */
export function createSnpAppraiser(): Appraiser {
  const known = new Memo<Endorsed>(MAX_ENDORSEMENTS);

  async function endorsementOf(signer: SigningKey, { collateral, anchors, at }: AppraiserInput): Promise<Endorsed> {
    const key = contentKey(signer, collateral, anchors);
    const found = known.get(key);
    if (found !== undefined && holdsAt(found.endorsement.window, at)) return found;
    const endorsement = await endorse(parseSnpCollateral(collateral), signer, anchors, at);
    const fresh = { endorsement, key: readEndorsementKey(endorsement.vek, signer) };
    known.set(key, fresh);
    return fresh;
  }

  return async (input) => {
    const report = parseReport(input.evidence);
    return appraiseReport(report, await endorsementOf(report.signingKey, input));
  };
}

/** SEV-SNP reports, with one table for this process. */
export const appraiseSnp: Appraiser = createSnpAppraiser();

function contentKey(signer: SigningKey, collateral: Bytes, { vendor, sim }: TrustAnchors): string {
  const pinned = [vendor, sim].map((set) => lp(...(set?.snp ?? []).flatMap((c) => [c.product, c.signer, c.ark, c.ask])));
  return toHex(sha256(lp(signer, collateral, ...pinned)));
}

async function appraiseReport(report: SnpReport, { endorsement, key }: Endorsed): Promise<Genuine> {
  const { product, vek, anchor, window } = endorsement;
  ensureOneProduct(product, key, report);
  const signed = await verifySignature(vek.publicKey, "ecdsa-p384-sha384", report.signed, report.signature);
  ensure(signed, "evidence_signature", "the report is not signed by the endorsement key");
  const tcbs = readTcbs(report, product);
  ensureSameTcb(key.tcb, tcbs.reported);
  if (key.hardwareId !== undefined) ensureSameChip(key.hardwareId, report);
  ensureGuestPolicy(report);
  return {
    platform: "snp", anchor, measurements: measurements(report), reportData: report.reportData,
    attributes: { ...tcbAttributes(tcbs), ...flagAttributes(report), ...otherAttributes(report, key, endorsement) },
    tcb: tcbView(tcbs), product, instance: instance(report, key), issuedAt: undefined, validUntil: window.until, evidenceDigest: evidenceDigest("P-384", report.signed, report.signature),
  };
}

function ensureOneProduct(chain: SnpProduct, key: EndorsementKey, { cpuid }: SnpReport): void {
  const about = { chain, key: key.product };
  ensure(key.product === chain, "evidence_product", "the endorsement key's certificate names another product than its chain", about);
  if (cpuid === undefined) return;
  const processor = productOfCpuid(cpuid);
  ensure(processor === chain, "evidence_product", "the report is of another product than its endorsement key", { ...about, processor });
}

/** The key was derived for one TCB: a report of another one it cannot have signed as that TCB's firmware. */
function ensureSameTcb(key: TcbVersion, reported: TcbVersion): void {
  for (const part of TCB_PARTS) {
    ensure(key[part] === reported[part], "certificate_role", "the endorsement key is another TCB's than the report states",
      { part, key: key[part] ?? "none", reported: reported[part] ?? "none" });
  }
}

/** CHIP_ID is 64 bytes; Turin fills the first 8. A masked one (zeros) equals no chip's. */
function ensureSameChip(hardwareId: Bytes, { chipId }: SnpReport): void {
  const padded = new Uint8Array(chipId.length);
  padded.set(hardwareId);
  ensure(equalBytes(padded, chipId), "certificate_role", "the endorsement key is another chip's than the report's",
    { key: toHex(hardwareId), report: toHex(chipId) });
}

const measurements = (report: SnpReport): Record<string, string> => ({
  measurement: toHex(report.measurement), hostData: toHex(report.hostData), idKeyDigest: toHex(report.idKeyDigest),
  authorKeyDigest: toHex(report.authorKeyDigest), familyId: toHex(report.familyId), imageId: toHex(report.imageId),
});

/** CHIP_ID; where the host masks it, which only a VLEK allows, the provider is all that is known. */
const instance = ({ chipId }: SnpReport, { provider }: EndorsementKey): string =>
  provider !== undefined && chipId.every((b) => b === 0) ? `vlek:${provider}` : toHex(chipId);

function otherAttributes(report: SnpReport, { provider }: EndorsementKey, { revocationJudged }: Endorsement): Record<string, string | number | boolean> {
  const { version, guestSvn, signingKey, currentFirmware, committedFirmware, cpuid, mitigations } = report;
  return {
    reportVersion: version, guestSvn, signingKey, currentFirmware, committedFirmware, revocationJudged,
    ...(provider === undefined ? {} : { provider }),
    ...(cpuid === undefined ? {} : { cpuFamily: cpuid.family, cpuModel: cpuid.model, cpuStepping: cpuid.stepping }),
    ...(mitigations === undefined ? {} : { launchMitigations: `0x${mitigations.launch.toString(16)}`, currentMitigations: `0x${mitigations.current.toString(16)}` }),
  };
}
