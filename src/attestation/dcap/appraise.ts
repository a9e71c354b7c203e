import { equalBytes, lp, toHex, utf8, type Bytes } from "../../protocol/bytes.js";
import { ensure } from "../../protocol/errors.js";
import { sha256 } from "../../protocol/hash.js";
import type { Appraiser, AppraiserInput, Genuine, TcbView, TrustAnchors } from "../verdict.js";
import { selectRoots, type PinnedRoots } from "./anchor.js";
import { judgeAttributes } from "./attributes.js";
import { claimsOf } from "./claims.js";
import { appraiseCollateral, ensureBounded, readCollateral, readCrls, type Collateral } from "./collateral.js";
import { certifyMachine, readPckChain, type Machine } from "./machine.js";
import { holdsAt, meet, Memo, type Window } from "../common/memo.js";
import { parseQuote, type Quote } from "./parse.js";
import { judgeQe } from "./qe-identity.js";
import type { DcapAnchor } from "./roles.js";
import { verifyQeReport, verifyQuote } from "./signatures.js";
import { judgeTcb, UNJUDGED } from "./tcb.js";

const MAX_COLLATERALS = 32;
const MAX_MACHINES = 256;

/** What a quote stands on: whose root, which machine, and collateral where currency is judged. */
interface Ground {
  readonly anchor: DcapAnchor;
  readonly machine: Machine;
  readonly collateral: Collateral | undefined;
  readonly window: Window;
}

/**
 * An appraiser of SGX quotes (v3) and TDX quotes (v4, v5). Checks, in this order, the first failure is thrown:
 * 1. the quote parses, to its last byte                                       evidence_malformed, certificate_path
 * 2. its chain ends at a pinned root                                          evidence_anchor
 * 3. TCB Info and QE Identity: signer, exact bytes, form, time                collateral_*, certificate_*
 * 4. PCK path with both revocation lists, roles, SGX extension                certificate_*, collateral_*
 * 5. the collateral is of this TEE and this platform                          collateral_missing
 * 6. PCK signed the QE report, which vouches for the attestation key          evidence_signature
 * 7. the quoting enclave is the one of QE Identity                            qe_identity
 * 8. the attestation key signed the quote                                     evidence_signature
 * 9. TDX module, platform level, merged status not Revoked                    tcb_not_listed, tcb_revoked, evidence_attributes
 * 10. debug, migration, service TD and like attributes                        evidence_debug, evidence_attributes
 *
 * What depends on collateral and PCK chain alone is remembered by content (their bytes and the pinned roots), in small
 * tables that this appraiser owns. Time is judged on every call: outside the window in which all that an entry rests on is
 * good, it is as if there were no entry. Failures are never remembered.
 */
export function createDcapAppraiser(): Appraiser {
  const collaterals = new Memo<Collateral>(MAX_COLLATERALS);
  const grounds = new Memo<Ground>(MAX_MACHINES);

  async function collateralOf(bytes: Bytes, pinned: PinnedRoots, at: number): Promise<Collateral> {
    const key = contentKey(bytes, utf8(pinned.anchor), ...pinned.roots.map((root) => root.der));
    const known = collaterals.get(key);
    if (known !== undefined && holdsAt(known.window, at)) return known;
    const collateral = await appraiseCollateral(bytes, pinned, at);
    collaterals.set(key, collateral);
    return collateral;
  }

  async function groundOf({ pckChain }: Quote, { collateral: bytes, anchors, at }: AppraiserInput): Promise<Ground> {
    const key = contentKey(pckChain, bytes, ...trustedBytes(anchors));
    const known = grounds.get(key);
    if (known !== undefined && holdsAt(known.window, at)) return known;
    const chain = readPckChain(pckChain);
    const pinned = selectRoots(anchors, chain);
    const collateral = await collateralOf(bytes, pinned, at);
    const machine = await certifyMachine(chain, pinned, collateral.crls, at);
    const ground = { anchor: pinned.anchor, machine, collateral, window: meet(machine.window, collateral.window) };
    grounds.set(key, ground);
    return ground;
  }

  return async (input) => {
    const quote = parseQuote(input.evidence);
    ensureBounded(input.collateral);
    const ground = input.judgeTcb ? await groundOf(quote, input) : await groundWithoutTcb(quote, input);
    return appraiseQuote(quote, ground);
  };
}

const contentKey = (...parts: readonly Bytes[]): string => toHex(sha256(lp(...parts)));
const trustedBytes = ({ vendor, sim }: TrustAnchors): readonly Bytes[] => [lp(...(vendor?.dcap ?? [])), lp(...(sim?.dcap ?? []))];

/** For format studies: the path is validated; revocation lists are judged only if they came along. */
async function groundWithoutTcb({ pckChain }: Quote, { collateral, anchors, at }: AppraiserInput): Promise<Ground> {
  const chain = readPckChain(pckChain);
  const pinned = selectRoots(anchors, chain);
  const crls = collateral.length === 0 ? undefined : readCrls(readCollateral(collateral));
  const machine = await certifyMachine(chain, pinned, crls, at);
  return { anchor: pinned.anchor, machine, collateral: undefined, window: machine.window };
}

/** The half that depends on the quote: checks 5 to 10. */
async function appraiseQuote(quote: Quote, { anchor, machine: { pck, facts }, collateral, window }: Ground): Promise<Genuine> {
  if (collateral !== undefined) ensureCollateralFits(quote, facts, collateral);
  await verifyQeReport(quote, pck.publicKey);
  const qe = collateral && judgeQe(quote.qe.report, collateral.qeIdentity);
  await verifyQuote(quote);
  const tcb: TcbView = collateral && qe ? judgeTcb(quote, facts, collateral, qe) : UNJUDGED;
  judgeAttributes(quote, collateral !== undefined);
  const product = toHex(facts.fmspc);
  return { ...claimsOf(quote), anchor, tcb, product, instance: toHex(facts.ppid), issuedAt: undefined, validUntil: window.until };
}

function ensureCollateralFits({ body }: Quote, facts: Machine["facts"], { tcbInfo, qeIdentity }: Collateral): void {
  const fits = tcbInfo.id === body.tee.toUpperCase() && qeIdentity.id === (body.tee === "sgx" ? "QE" : "TD_QE");
  ensure(fits, "collateral_missing", "the collateral is of another TEE", { tee: body.tee, tcbInfo: tcbInfo.id, qeIdentity: qeIdentity.id });
  const own = equalBytes(tcbInfo.fmspc, facts.fmspc) && equalBytes(tcbInfo.pceId, facts.pceId);
  ensure(own, "collateral_missing", "the TCB Info is of another platform",
    { fmspc: toHex(facts.fmspc), pceId: toHex(facts.pceId), ofTcbInfo: `${toHex(tcbInfo.fmspc)} ${toHex(tcbInfo.pceId)}` });
}

/** SGX and TDX, with one cache for this process. */
export const appraiseDcap: Appraiser = createDcapAppraiser();

const only = (platform: Genuine["platform"]): Appraiser => async (input) => {
  const genuine = await appraiseDcap(input);
  ensure(genuine.platform === platform, "evidence_malformed", "the quote is of another TEE", { found: genuine.platform, expected: platform });
  return genuine;
};

/** SGX quotes alone. */
export const appraiseSgx: Appraiser = only("sgx");
/** TDX quotes alone. */
export const appraiseTdx: Appraiser = only("tdx");
