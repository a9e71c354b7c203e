// The simulator's counterpart of AMD's key service: ARK, ASK and ASVK of each product, endorsement-key certificates (57230) and
// the ARK's revocation list.
import { equalBytes, type Bytes } from "../../protocol/bytes.js";
import type { SnpChain } from "../../attestation/verdict.js";
import { ia5String, integer } from "../der-writer.js";
import type { EcKey } from "../ec-key.js";
import type { SigningKeyPair } from "../keys.js";
import { PKI_VALIDITY, serialOf, type CollateralWindow } from "../pki.js";
import { derivePrimes, rsaKey, type RsaPrimes } from "../rsa-key.js";
import { deriver, FOREIGN_SIM_SEED, PUBLIC_SIM_SEED, type Derive } from "../seed.js";
import { caExtensions, extension, writeCertificate, writeCrl } from "../x509-writer.js";
import type { SnpProduct, SnpTcb } from "./report.js";
import { FOREIGN_PRIMES, PUBLIC_PRIMES } from "./rsa-fixture.js";

export type SnpSigner = SnpChain["signer"];
type Role = "ark" | "ask" | "asvk";

const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);
/** Common names: the vendor's, after `SIM `. */
const NAMES: Readonly<Record<Role, (product: SnpProduct) => string>> = {
  ark: (product) => `SIM ARK-${capital(product)}`,
  ask: (product) => `SIM SEV-${capital(product)}`,
  asvk: (product) => `SIM SEV-VLEK-${capital(product)}`,
};
const INTERMEDIATE: Readonly<Record<SnpSigner, "ask" | "asvk">> = { vcek: "ask", vlek: "asvk" };

export interface EndorsementFields {
  readonly product: SnpProduct;
  readonly signer: SnpSigner;
  readonly commonName: string;
  readonly key: EcKey;
  readonly tcb: SnpTcb;
  /** 64 bytes, on Turin 8. */
  readonly hardwareId: Bytes;
  readonly notAfter: number;
  readonly serial: bigint;
  /** A certificate that may sign others, which an endorsement key may not. */
  readonly authority: boolean;
  /** An endorsement key in the issuer's place, as if a leaked one signed certificates. */
  readonly issuedBy?: EcKey | undefined;
}

export class SnpAuthority {
  readonly #derive: Derive;
  readonly #keys: Readonly<Record<Role, SigningKeyPair>>;

  /** @param seed 32 bytes; the search of RSA keys takes some seconds for a seed that is not one of the two public ones */
  constructor(seed: Bytes) {
    this.#derive = deriver(seed);
    const known = knownPrimes(seed);
    const key = (role: Role): SigningKeyPair => rsaKey(known?.[role] ?? derivePrimes(this.#derive, `snp/${role}`));
    this.#keys = { ark: key("ark"), ask: key("ask"), asvk: key("asvk") };
  }

  chain(product: SnpProduct, signer: SnpSigner): SnpChain {
    return { product, signer, ark: this.#ca(product, "ark"), ask: this.#ca(product, INTERMEDIATE[signer]) };
  }

  #ca(product: SnpProduct, role: Role): Bytes {
    const { ark, [role]: publicKey } = this.#keys;
    return writeCertificate({
      serial: this.serialOf(product, role), issuer: NAMES.ark(product), subject: NAMES[role](product), ...PKI_VALIDITY, publicKey,
      extensions: caExtensions(role === "ark" ? undefined : 0),
    }, ark);
  }

  serialOf(product: SnpProduct, role: Role): bigint {
    return serialOf(this.#derive, `snp/${product}/${role}`);
  }

  /** VCEK or VLEK certificate. */
  endorse(fields: EndorsementFields): Bytes {
    const role = INTERMEDIATE[fields.signer];
    const issuer = fields.issuedBy === undefined ? NAMES[role](fields.product) : fields.commonName;
    return writeCertificate({
      serial: fields.serial, issuer, subject: fields.commonName, notBefore: PKI_VALIDITY.notBefore,
      notAfter: fields.notAfter, publicKey: fields.key, extensions: [...(fields.authority ? caExtensions() : []), ...endorsementExtensions(fields)],
    }, fields.issuedBy ?? this.#keys[role]);
  }

  /** The product's list, which the ARK signs. @param by a list of another authority, under its own name */
  crl(product: SnpProduct, window: CollateralWindow, revoked: readonly bigint[], by: Role = "ark"): Bytes {
    return writeCrl({ issuer: NAMES[by](product), ...window, revoked }, this.#keys[by]);
  }
}

function knownPrimes(seed: Bytes): Readonly<Record<Role, RsaPrimes>> | undefined {
  if (equalBytes(seed, PUBLIC_SIM_SEED)) return PUBLIC_PRIMES;
  return equalBytes(seed, FOREIGN_SIM_SEED) ? FOREIGN_PRIMES : undefined;
}

const AMD = "1.3.6.1.4.1.3704.1";

function endorsementExtensions({ product, signer, tcb, hardwareId }: EndorsementFields): readonly Bytes[] {
  const svn = (arc: string, value: number): Bytes => extension(`${AMD}.${arc}`, integer(value));
  const turin = product === "turin";
  const name = capital(product);
  return [
    svn("1", turin ? 1 : 0), extension(`${AMD}.2`, ia5String(signer === "vlek" ? name : `${name}-B1`)),
    svn("3.1", tcb.bootloader), svn("3.2", tcb.tee), svn("3.3", tcb.snp), svn("3.8", tcb.microcode), ...(turin ? [svn("3.9", tcb.fmc)] : []),
    signer === "vlek" ? extension(`${AMD}.5`, ia5String("SIM provider")) : extension(`${AMD}.4`, hardwareId),
  ];
}
