// The simulator's counterpart of Intel's certification services: root, PCK CA, TCB signer, and one machine's PCK.
import { toHex, utf8, type Bytes } from "../../protocol/bytes.js";
import { ecKey, type EcKey } from "../ec-key.js";
import { PKI_VALIDITY, serialOf, type CollateralWindow } from "../pki.js";
import type { Derive } from "../seed.js";
import { caExtensions, leafExtensions, writeCertificate, writeCrl, type CertificateFields } from "../x509-writer.js";
import { sgxExtension, type PckFields } from "./pck.js";

/** Common names: the vendor's, with `SIM` in its place. */
export const TDX_NAMES = {
  root: "SIM SGX Root CA", pckCa: "SIM SGX PCK Platform CA", tcbSigner: "SIM SGX TCB Signing", pck: "SIM SGX PCK Certificate",
} as const;
/** A CA of the simulator that is entitled to no role. */
const OTHER_CA = "SIM SGX Other CA";

const ROLES = ["root", "pckCa", "tcbSigner", "pck", "stranger"] as const;
type Role = (typeof ROLES)[number];
export type CrlIssuer = "root" | "pckCa";

/** Who issues the PCK: its CA, a CA without that role, or another PCK, as if a leaked one signed certificates. */
export type PckIssuer = "platform-ca" | "other-ca" | "pck";

export interface PckOptions { readonly commonName?: string; readonly notAfter?: number; readonly authority?: boolean; readonly issuer?: PckIssuer }

export class TdxAuthority {
  readonly keys: Readonly<Record<Role, EcKey>>;
  readonly root: Bytes;
  readonly pckCa: Bytes;
  readonly #serials: Readonly<Record<Role, bigint>>;

  constructor(derive: Derive, instance: string) {
    const label = (role: Role): string => `tdx/${role}${role === "pck" || role === "stranger" ? `/${instance}` : ""}`;
    this.keys = byRole((role) => ecKey("P-256", derive, label(role)));
    this.#serials = byRole((role) => serialOf(derive, label(role)));
    this.root = this.#certify("root", { subject: TDX_NAMES.root, extensions: caExtensions() });
    this.pckCa = this.#certify("pckCa", { subject: TDX_NAMES.pckCa, extensions: caExtensions(0) });
  }

  #certify(role: Role, fields: Pick<CertificateFields, "subject" | "extensions"> & Partial<CertificateFields>, issuer: EcKey = this.keys.root): Bytes {
    return writeCertificate({ serial: this.#serials[role], issuer: TDX_NAMES.root, publicKey: this.keys[role], ...PKI_VALIDITY, ...fields }, issuer);
  }

  tcbSigner(subject: string = TDX_NAMES.tcbSigner): Bytes {
    return this.#certify("tcbSigner", { subject, extensions: leafExtensions });
  }

  /** The PCK certificate and its issuers, without the root. */
  pckPath(machine: PckFields, { commonName = TDX_NAMES.pck, issuer = "platform-ca", authority = false, ...validity }: PckOptions): readonly Bytes[] {
    const fields = { subject: commonName, extensions: [...(authority ? caExtensions() : leafExtensions), sgxExtension(machine)], ...validity };
    const pck = (by: string, key: EcKey): Bytes => this.#certify("pck", { ...fields, issuer: by }, key);
    switch (issuer) {
      case "platform-ca":
        return [pck(TDX_NAMES.pckCa, this.keys.pckCa), this.pckCa];
      case "other-ca":
        return [pck(OTHER_CA, this.keys.stranger), this.#certify("stranger", { subject: OTHER_CA, extensions: caExtensions(0) })];
      case "pck":
        return [pck(TDX_NAMES.pck, this.keys.stranger), this.#leaked(machine), this.pckCa];
    }
  }

  /** Another machine's genuine PCK, whose key is taken to sign certificates. */
  #leaked(machine: PckFields): Bytes {
    return this.#certify("stranger", { subject: TDX_NAMES.pck, issuer: TDX_NAMES.pckCa, extensions: [...leafExtensions, sgxExtension(machine)] }, this.keys.pckCa);
  }

  crl(issuer: CrlIssuer, window: CollateralWindow, revoked: readonly Role[]): Bytes {
    return writeCrl({ issuer: TDX_NAMES[issuer], ...window, revoked: revoked.map((role) => this.#serials[role]) }, this.keys[issuer]);
  }

  /** r ‖ s in hex, over the exact text. */
  signText(text: string, by: "tcbSigner" | "stranger"): string {
    return toHex(this.keys[by].signRaw(utf8(text)));
  }
}

const byRole = <T>(make: (role: Role) => T): Readonly<Record<Role, T>> =>
  Object.fromEntries(ROLES.map((role) => [role, make(role)] as const)) as Record<Role, T>;
