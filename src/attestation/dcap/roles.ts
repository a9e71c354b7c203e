import type { Anchor } from "../../protocol/objects/parts.js";

/** Whose root the evidence descends from. */
export type DcapAnchor = Extract<Anchor, "intel" | "sim">;

/** Which subject may sign what. Intel's chains have no extended key usage: a role is told by the common name alone. */
export interface DcapRoles {
  readonly pck: string;
  readonly pckIssuers: readonly string[];
  readonly tcbSigner: string;
}

const rolesOf = (vendor: string): DcapRoles => ({
  pck: `${vendor} SGX PCK Certificate`,
  pckIssuers: [`${vendor} SGX PCK Platform CA`, `${vendor} SGX PCK Processor CA`],
  tcbSigner: `${vendor} SGX TCB Signing`,
});

/** Names belong to the anchor: a simulator's certificate has no role under the vendor's root, nor the reverse. */
export const DCAP_ROLES: Readonly<Record<DcapAnchor, DcapRoles>> = { intel: rolesOf("Intel"), sim: rolesOf("SIM") };
