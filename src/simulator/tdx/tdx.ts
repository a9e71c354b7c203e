import type { AnchorSet } from "../../attestation/verdict.js";
import { fromHex, toHex, utf8, type Bytes } from "../../protocol/bytes.js";
import { ecKey, type EcKey } from "../ec-key.js";
import { corrupted, flawedWindow, GARBAGE, Kept, type CollateralWindow, type CrlFlaw } from "../pki.js";
import type { Quoted, QuoteRequest, SimulatedPlatform } from "../platform.js";
import { deriver } from "../seed.js";
import { writePem } from "../x509-writer.js";
import { TdxAuthority, type CrlIssuer, type PckOptions } from "./authority.js";
import { lowered, qeIdentity, tcbInfo, type Level } from "./collateral.js";
import type { PckFields } from "./pck.js";
import { writeTdQuote, type QuotingEnclave, type TdBody } from "./quote.js";

/** How TCB Info or QE Identity may be wrong. */
export type SignedTextFlaw = "absent" | "stale" | "future" | "bad-signature" | "wrong-role" | "not-json";

export interface TdxOptions {
  readonly body?: Partial<TdBody>;
  readonly enclave?: Partial<QuotingEnclave>;
  readonly pck?: PckOptions;
  /** How far the machine's first SGX component is behind the newest level: 1 is OutOfDate, 2 is below every level. */
  readonly behind?: number;
  /** FMSPC of the PCK, 6 bytes, when TCB Info is for another. */
  readonly fmspc?: Bytes;
  /** Standing of the newest level of the platform, of the TDX module and of the quoting enclave. */
  readonly platform?: Level;
  readonly module?: Level;
  readonly enclaveLevel?: Level;
  readonly evaluationNumber?: number;
  readonly revoked?: "pck" | "pckCa" | "tcbSigner";
  readonly pckCrl?: CrlFlaw;
  readonly rootCrl?: CrlFlaw;
  readonly tcbInfo?: SignedTextFlaw;
  readonly qeIdentity?: SignedTextFlaw;
  /** The quote is signed by a key that the quoting enclave does not vouch for. */
  readonly uncertifiedKey?: boolean;
}

const FMSPC = fromHex("51a0d0000001");
const PCE_ID = fromHex("0000");
const SGX_COMPONENTS = new Uint8Array(16).fill(2);
const PCE_SVN = 11;
/** TDX module SVN and major version, then the late microcode's. */
const TEE_TCB_SVN = Uint8Array.of(5, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
const EVALUATION_NUMBER = 20;
const QUOTING_ENCLAVE: QuotingEnclave = {
  mrSigner: fromHex("9d383f0acf0a4fb29db13e5c8424b94b68234d1b2c0ec1c02e23e3bdf3494186"), isvProdId: 2, isvSvn: 4,
  attributes: fromHex("1500000000000000e700000000000000"),
};
/** SEPT_VE_DISABLE. */
const TD_ATTRIBUTES = fromHex("0000001000000000");
const XFAM = fromHex("e702060000000000");
const UP_TO_DATE: Level = { status: "UpToDate" };
const ZERO48 = new Uint8Array(48);

/** Intel TDX: a version 4 quote with its PCK chain, and what Intel's PCS would serve for it. */
export class SimulatedTdx implements SimulatedPlatform<TdxOptions> {
  readonly #authority: TdxAuthority;
  readonly #attestationKey: EcKey;
  readonly #ppid: Bytes;
  readonly #kept = new Kept<string>(16);

  constructor(seed: Bytes, instance: string) {
    const derive = deriver(seed);
    this.#authority = new TdxAuthority(derive, instance);
    this.#attestationKey = ecKey("P-256", derive, `tdx/attestation/${instance}`);
    this.#ppid = derive(`tdx/ppid/${instance}`, 16);
  }

  anchors(): AnchorSet {
    return { dcap: [this.#authority.root] };
  }

  quote(request: QuoteRequest, options: TdxOptions): Quoted {
    return { evidence: this.#quote(request, options), collateral: utf8(JSON.stringify(this.#collateral(request.now, options))) };
  }

  #quote({ measurement, reportData, debug }: QuoteRequest, options: TdxOptions): Bytes {
    const machine = this.#machine(options);
    const { keys, root } = this.#authority;
    const body: TdBody = {
      teeTcbSvn: TEE_TCB_SVN, mrSeam: ZERO48.map(() => 0x5e), mrSignerSeam: ZERO48, seamAttributes: new Uint8Array(8),
      tdAttributes: debug ? TD_ATTRIBUTES.map((byte, i) => (i === 0 ? 1 : byte)) : TD_ATTRIBUTES, xfam: XFAM, mrTd: measurement,
      mrConfigId: ZERO48, mrOwner: ZERO48, mrOwnerConfig: ZERO48, rtmrs: [ZERO48, ZERO48, ZERO48, ZERO48], reportData, ...options.body,
    };
    return writeTdQuote({
      body, enclave: { ...QUOTING_ENCLAVE, ...options.enclave }, cpuSvn: machine.tcb.components, pckKey: keys.pck,
      attestationKey: this.#attestationKey, vouchedKey: options.uncertifiedKey === true ? keys.stranger : undefined,
      pckChain: writePem(...this.#authority.pckPath(machine, options.pck ?? {}), root),
    });
  }

  #machine({ behind = 0, fmspc = FMSPC }: TdxOptions): PckFields {
    return { ppid: this.#ppid, tcb: { components: lowered(SGX_COMPONENTS, behind), pceSvn: PCE_SVN }, pceId: PCE_ID, fmspc };
  }

  /** In the shape that PCCS clients keep: chains in PEM, lists and signatures in hex, signed texts as they are. */
  #collateral(now: number, options: TdxOptions): Record<string, string> {
    const { pckCa, root } = this.#authority;
    const evaluationNumber = options.evaluationNumber ?? EVALUATION_NUMBER;
    const info = (window: CollateralWindow): string => tcbInfo({
      ...window, fmspc: FMSPC, pceId: PCE_ID, evaluationNumber, sgx: { components: SGX_COMPONENTS, pceSvn: PCE_SVN }, tdx: TEE_TCB_SVN,
      platform: options.platform ?? UP_TO_DATE, moduleSvn: TEE_TCB_SVN[0] as number, module: options.module ?? UP_TO_DATE,
    });
    const identity = (window: CollateralWindow): string =>
      qeIdentity({ ...window, evaluationNumber, enclave: QUOTING_ENCLAVE, level: options.enclaveLevel ?? UP_TO_DATE });
    return {
      pck_crl_issuer_chain: writePem(pckCa, root),
      ...this.#list("root_ca_crl", "root", now, options.rootCrl, options),
      ...this.#list("pck_crl", "pckCa", now, options.pckCrl, options),
      ...this.#signed("tcb_info", info, now, options.tcbInfo),
      ...this.#signed("qe_identity", identity, now, options.qeIdentity),
    };
  }

  #list(name: string, issuer: CrlIssuer, now: number, flaw: CrlFlaw | undefined, { revoked }: TdxOptions): Record<string, string> {
    if (flaw === "absent") return {};
    if (flaw === "garbage") return { [name]: toHex(GARBAGE) };
    const window = flawedWindow(now, flaw);
    const by = flaw === "other-issuer" ? OTHER[issuer] : issuer;
    const serials = revoked !== undefined && (revoked === "pck") === (issuer === "pckCa") ? [revoked] : [];
    const list = this.#authority.crl(by, window, serials);
    return { [name]: toHex(flaw === "bad-signature" ? corrupted(list) : list) };
  }

  #signed(name: string, write: (window: CollateralWindow) => string, now: number, flaw?: SignedTextFlaw): Record<string, string> {
    if (flaw === "absent") return {};
    const window = flawedWindow(now, flaw === "stale" || flaw === "future" ? flaw : undefined);
    const text = flaw === "not-json" ? "signed, but no JSON" : write(window);
    const signature = this.#kept.get(text, () => this.#authority.signText(text, "tcbSigner"));
    const signer = this.#authority.tcbSigner(flaw === "wrong-role" ? "SIM SGX Other Signing" : undefined);
    return {
      [`${name}_issuer_chain`]: writePem(signer, this.#authority.root), [name]: text,
      [`${name}_signature`]: flaw === "bad-signature" ? this.#authority.signText(text, "stranger") : signature,
    };
  }
}

const OTHER = { root: "pckCa", pckCa: "root" } as const;
