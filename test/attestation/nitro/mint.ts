import { encode } from "cborg";
import type { TrustAnchors } from "../../../src/attestation/verdict.js";
import { authority, caExtensions, certificate, leafExtensions, NOW, type Authority, type CertificateOptions } from "../x509/mint.js";

/** What a minted document says, and how it errs. Field values may be of any type: they are what is tested. */
export interface DocumentOptions {
  /** Replaces fields of the payload; undefined leaves one out. */
  readonly fields?: Readonly<Record<string, unknown>>;
  readonly protectedHeader?: Uint8Array;
  readonly unprotected?: unknown;
  /** In place of the encoded payload. */
  readonly payload?: Uint8Array;
  readonly leaf?: Partial<CertificateOptions>;
  readonly instanceName?: string;
  /** Signs in place of the leaf's key. */
  readonly signer?: Authority;
  /** Signs other bytes than the document's. */
  readonly context?: string;
}

export const MODULE_ID = "i-0123456789abcdef0-enc0123456789abcdef";
const ES384 = Uint8Array.of(0xa1, 0x01, 0x38, 0x22);
export const PCR = (value: number): Uint8Array => new Uint8Array(48).fill(value);
export const pcrs = (...values: readonly number[]): Map<number, Uint8Array> => new Map(values.map((v, i) => [i, PCR(v)]));

/** A module under a root of its own: like AWS's in all but the root. */
export class Module {
  private constructor(
    private readonly keys: Readonly<Record<"root" | "zone" | "instance" | "leaf", Authority>>, readonly root: Uint8Array, private readonly zone: Uint8Array,
  ) {}

  static async create(): Promise<Module> {
    const [root, zone, instance, leaf] = await Promise.all(
      ["test.nitro-enclaves", "zone.test.nitro-enclaves", "i-0123456789abcdef0.test.nitro-enclaves", `${MODULE_ID}.test`].map((name) => authority(name)),
    ) as [Authority, Authority, Authority, Authority];
    const rootDer = await certificate({ subject: root, issuer: root, extensions: caExtensions() });
    return new Module({ root, zone, instance, leaf }, rootDer, await certificate({ subject: zone, issuer: root, extensions: caExtensions(1) }));
  }

  get anchors(): TrustAnchors {
    return { vendor: { nitro: [this.root] } };
  }

  async document(options: DocumentOptions = {}): Promise<Uint8Array> {
    const [leaf, instance] = await this.#certificates(options);
    const fields: Record<string, unknown> = {
      module_id: MODULE_ID, digest: "SHA384", timestamp: NOW * 1000, pcrs: pcrs(1, 2, 3, 0, 5), certificate: leaf, cabundle: [this.root, this.zone, instance],
      public_key: null, user_data: new Uint8Array(64).fill(9), nonce: null, ...options.fields,
    };
    for (const key of Object.keys(fields)) if (fields[key] === undefined) delete fields[key];
    const { protectedHeader = ES384, unprotected = new Map(), payload = encode(fields), signer = this.keys.leaf, context = "Signature1" } = options;
    const signature = await signer.sign(encode([context, protectedHeader, new Uint8Array(), payload]));
    return encode([protectedHeader, unprotected, payload, signature]);
  }

  async #certificates({ leaf = {}, instanceName }: DocumentOptions): Promise<[Uint8Array, Uint8Array]> {
    const instance = { ...this.keys.instance, commonName: instanceName ?? this.keys.instance.commonName };
    return [
      await certificate({ subject: this.keys.leaf, issuer: instance, extensions: leafExtensions(), ...leaf }),
      await certificate({ subject: instance, issuer: this.keys.zone, extensions: caExtensions(0) }),
    ];
  }
}
