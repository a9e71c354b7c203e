import type { AnchorSet } from "../../attestation/verdict.js";
import { toBase64, utf8, type Bytes } from "../../protocol/bytes.js";
import { ecKey, type EcKey } from "../ec-key.js";
import { corrupted, flawedWindow, GARBAGE, Kept, PKI_VALIDITY, serialOf, type CrlFlaw } from "../pki.js";
import type { Quoted, QuoteRequest, SimulatedPlatform } from "../platform.js";
import { deriver } from "../seed.js";
import { SnpAuthority, type EndorsementFields, type SnpSigner } from "./authority.js";
import { SNP_PRODUCTS, writeSnpReport, type SnpProduct, type SnpReport, type SnpTcb } from "./report.js";

export interface SnpOptions {
  /** `genoa` unless said otherwise. */
  readonly product?: SnpProduct;
  readonly signer?: SnpSigner;
  readonly report?: Partial<SnpReport>;
  /** Of the VCEK's or VLEK's certificate; `issuer` puts another endorsement key in the issuer's place. */
  readonly vek?: Partial<Pick<EndorsementFields, "commonName" | "tcb" | "hardwareId" | "notAfter" | "authority">> & { readonly issuer?: "endorsement-key" };
  /** The report is signed by a key that nobody certified. */
  readonly uncertifiedKey?: boolean;
  readonly crl?: CrlFlaw;
  readonly revoked?: "vek" | "ask";
}

const TCB: SnpTcb = { fmc: 1, bootloader: 9, tee: 0, snp: 23, microcode: 72 };
/** SMT allowed, and the bit that is always one. */
const GUEST_POLICY = 0x30000n;
const DEBUG = 1n << 19n;
/** SMT, ECC memory, alias check complete. */
const PLATFORM_INFO = 0x25n;
const VLEK_SIGNS = 1 << 2;

/** AMD SEV-SNP: a report signed by a VCEK, and what AMD's key service would serve with it. */
export class SimulatedSnp implements SimulatedPlatform<SnpOptions> {
  readonly #authority: SnpAuthority;
  readonly #key: EcKey;
  readonly #stranger: EcKey;
  readonly #chipId: Bytes;
  readonly #serial: bigint;
  readonly #kept = new Kept<Bytes>();

  constructor(seed: Bytes, instance: string) {
    const derive = deriver(seed);
    this.#authority = new SnpAuthority(seed);
    this.#key = ecKey("P-384", derive, `snp/vek/${instance}`);
    this.#stranger = ecKey("P-384", derive, `snp/stranger/${instance}`);
    this.#chipId = derive(`snp/chip/${instance}`, 64);
    this.#serial = serialOf(derive, `snp/vek/${instance}`);
  }

  anchors(): AnchorSet {
    return { snp: SNP_PRODUCTS.flatMap((product) => [this.#authority.chain(product, "vcek"), this.#authority.chain(product, "vlek")]) };
  }

  quote(request: QuoteRequest, options: SnpOptions): Quoted {
    const key = options.uncertifiedKey === true ? this.#stranger : this.#key;
    const { product = "genoa" } = options;
    return { evidence: writeSnpReport(this.#report(request, options), product, key), collateral: this.#collateral(request, options) };
  }

  #report({ measurement, reportData, debug }: QuoteRequest, { product, signer, report = {} }: SnpOptions): SnpReport {
    return {
      version: 3, guestSvn: 0, policy: debug ? GUEST_POLICY | DEBUG : GUEST_POLICY, vmpl: 0, signatureAlgorithm: 1, platformInfo: PLATFORM_INFO,
      keyInfo: signer === "vlek" ? VLEK_SIGNS : 0, reportData, measurement, hostData: new Uint8Array(32), chipId: this.#chipOf(product),
      currentTcb: TCB, reportedTcb: TCB, committedTcb: TCB, launchTcb: TCB, ...report,
    };
  }

  /** Turin's chip id has 8 bytes; the report pads it. */
  #chipOf(product: SnpProduct | undefined): Bytes {
    return product === "turin" ? this.#chipId.slice(0, 8) : this.#chipId;
  }

  #collateral({ now }: QuoteRequest, options: SnpOptions): Bytes {
    const crl = this.#crl(now, options);
    return utf8(JSON.stringify({ vek: toBase64(this.#vek(options)), ...(crl === undefined ? {} : { crl: toBase64(crl) }) }));
  }

  #vek({ product = "genoa", signer = "vcek", vek = {} }: SnpOptions): Bytes {
    const { issuer, ...fields } = vek;
    const make = (): Bytes => this.#authority.endorse({
      product, signer, commonName: `SIM SEV-${signer.toUpperCase()}`, key: this.#key, tcb: TCB, hardwareId: this.#chipOf(product),
      notAfter: PKI_VALIDITY.notAfter, serial: this.#serial, authority: false, ...fields,
      ...(issuer === undefined ? {} : { issuedBy: this.#stranger }),
    });
    return Object.keys(vek).length === 0 ? this.#kept.get(`vek/${product}/${signer}`, make) : make();
  }

  #crl(now: number, { product = "genoa", signer, crl: flaw, revoked }: SnpOptions): Bytes | undefined {
    if (flaw === "absent") return undefined;
    if (flaw === "garbage") return GARBAGE;
    const window = flawedWindow(now, flaw);
    const ask = this.#authority.serialOf(product, signer === "vlek" ? "asvk" : "ask");
    const serials = { none: [], vek: [this.#serial], ask: [ask] }[revoked ?? "none"];
    const by = flaw === "other-issuer" ? "ask" : "ark";
    const list = this.#kept.get(`crl/${product}/${by}/${serials.join()}/${window.thisUpdate}/${window.nextUpdate}`,
      () => this.#authority.crl(product, window, serials, by));
    return flaw === "bad-signature" ? corrupted(list) : list;
  }
}
