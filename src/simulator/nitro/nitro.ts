// AWS Nitro attestation document: COSE_Sign1 (RFC 9052) with ES384 over a CBOR payload, as the NSM device returns it.
import { encode } from "cborg";
import { sha384 } from "@noble/hashes/sha2.js";
import type { AnchorSet } from "../../attestation/verdict.js";
import { concat, toHex, utf8, type Bytes } from "../../protocol/bytes.js";
import { ecKey, type EcKey } from "../ec-key.js";
import { PKI_VALIDITY, serialOf } from "../pki.js";
import type { Quoted, QuoteRequest, SimulatedPlatform } from "../platform.js";
import { deriver, type Derive } from "../seed.js";
import { caExtensions, leafExtensions, writeCertificate, type CertificateFields } from "../x509-writer.js";

export interface NitroOptions {
  /** Registers by number; the others are the simulator's. */
  readonly pcrs?: Readonly<Record<number, Bytes>>;
  readonly nonce?: Bytes;
  readonly publicKey?: Bytes;
  /** Unix seconds on the platform's clock, when it is wrong. */
  readonly issuedAt?: number;
  /** COSE algorithm number: -35 is ES384. */
  readonly algorithm?: number;
  readonly leaf?: { readonly notBefore?: number; readonly notAfter?: number; readonly authority?: boolean };
  /** The issuer of the leaf is no CA. */
  readonly endEntityIssuer?: boolean;
  /** A bundle that lacks the root's child. */
  readonly brokenBundle?: boolean;
  /** The document is signed by a key that nobody certified. */
  readonly uncertifiedKey?: boolean;
}

const ROLES = ["root", "region", "instance", "leaf", "stranger"] as const;
type Role = (typeof ROLES)[number];
type Certified = Exclude<Role, "stranger">;
type Validity = Pick<CertificateFields, "notBefore" | "notAfter">;
const ES384 = -35;
const HOUR = 3600;
const PCR_COUNT = 16;
const ZERO = new Uint8Array(48);

export class SimulatedNitro implements SimulatedPlatform<NitroOptions> {
  readonly #derive: Derive;
  /** Root and region are the seed's, the rest is the machine's. */
  readonly #label: (role: Role) => string;
  readonly #keys: Readonly<Record<Role, EcKey>>;
  readonly #names: Readonly<Record<Certified, string>>;
  readonly #moduleId: string;
  readonly #root: Bytes;
  readonly #region: Bytes;

  constructor(seed: Bytes, instance: string) {
    this.#derive = deriver(seed);
    const machine = toHex(this.#derive(`nitro/machine/${instance}`, 8));
    const enclave = toHex(this.#derive(`nitro/enclave/${instance}`, 8));
    this.#moduleId = `i-${machine}-enc${enclave}`;
    this.#names = {
      root: "SIM aws.nitro-enclaves", region: "SIM us-sim-1.aws.nitro-enclaves", instance: `SIM i-${machine}.us-sim-1.aws.nitro-enclaves`,
      leaf: `SIM ${this.#moduleId}.us-sim-1.aws`,
    };
    this.#label = (role) => `nitro/${role}${role === "root" || role === "region" ? "" : `/${instance}`}`;
    this.#keys = Object.fromEntries(ROLES.map((role) => [role, ecKey("P-384", this.#derive, this.#label(role))] as const)) as Record<Role, EcKey>;
    this.#root = this.#certify("root", "root", PKI_VALIDITY, caExtensions());
    this.#region = this.#certify("region", "root", PKI_VALIDITY, caExtensions(1));
  }

  anchors(): AnchorSet {
    return { nitro: [this.#root] };
  }

  quote(request: QuoteRequest, options: NitroOptions): Quoted {
    const { algorithm = ES384, uncertifiedKey = false } = options;
    const protectedHeader = encode(new Map([[1, algorithm]]));
    const payload = encode(this.#document(request, options));
    const toBeSigned = encode(["Signature1", protectedHeader, new Uint8Array(), payload]);
    const signature = this.#keys[uncertifiedKey ? "stranger" : "leaf"].signRaw(toBeSigned);
    return { evidence: encode([protectedHeader, new Map(), payload, signature]), collateral: new Uint8Array() };
  }

  #document(request: QuoteRequest, options: NitroOptions): Readonly<Record<string, unknown>> {
    const { issuedAt = request.now, nonce = null, publicKey = null } = options;
    const [leaf, ...issuers] = this.#path(request.now, options);
    return {
      module_id: this.#moduleId, digest: "SHA384", timestamp: issuedAt * 1000, pcrs: this.#pcrs(request, options), certificate: leaf,
      cabundle: issuers.reverse(), public_key: publicKey, user_data: request.reportData, nonce,
    };
  }

  /** PCR0 measures the image, 1 the kernel, 2 the application, 3 the role, 4 the machine; zeros in 0-2 mean debug mode. */
  #pcrs({ measurement, debug }: QuoteRequest, { pcrs = {} }: NitroOptions): ReadonlyMap<number, Bytes> {
    const own: readonly Bytes[] = debug ? [] : [
      measurement, sha384(utf8("veritee simulated kernel")), sha384(concat(utf8("veritee simulated application"), measurement)), ZERO,
      sha384(utf8(this.#moduleId)),
    ];
    return new Map(Array.from({ length: PCR_COUNT }, (_, i) => [i, pcrs[i] ?? own[i] ?? ZERO]));
  }

  /** Leaf first, root last. The instance's certificate lives for a day, the leaf for three hours. */
  #path(now: number, { leaf = {}, endEntityIssuer = false, brokenBundle = false }: NitroOptions): readonly Bytes[] {
    const { authority = false, ...validity } = leaf;
    return [
      this.#certify("leaf", "instance", { notBefore: now - 60, notAfter: now + 3 * HOUR, ...validity }, authority ? caExtensions() : leafExtensions),
      this.#certify("instance", "region", { notBefore: now - 12 * HOUR, notAfter: now + 12 * HOUR }, endEntityIssuer ? leafExtensions : caExtensions(0)),
      ...(brokenBundle ? [] : [this.#region]), this.#root,
    ];
  }

  #certify(role: Certified, issuer: Certified, validity: Validity, extensions: readonly Bytes[]): Bytes {
    return writeCertificate({
      serial: serialOf(this.#derive, this.#label(role)), issuer: this.#names[issuer], subject: this.#names[role], ...validity,
      publicKey: this.#keys[role], extensions,
    }, this.#keys[issuer]);
  }
}
