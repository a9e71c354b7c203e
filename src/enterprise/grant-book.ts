import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { readFileIfPresent, writeFileAtomic } from "../broker/atomic-file.js";
import { envelopeToBytes } from "../protocol/dsse.js";
import { ensure } from "../protocol/errors.js";
import type { GrantId, PartyKey, RevocationId } from "../protocol/ids.js";
import { grant, type Grant, type Revocation, type Signed } from "../protocol/objects/index.js";

/** The grants that an enterprise has issued and revoked, as it remembers them itself. */
export interface GrantBook {
  grant(id: GrantId): Promise<Signed<Grant, GrantId> | undefined>;
  isRevoked(id: GrantId): Promise<boolean>;
  addGrant(grant: Signed<Grant, GrantId>): Promise<void>;
  addRevocation(revocation: Signed<Revocation, RevocationId>): Promise<void>;
}

/**
 * A folder with one file a grant and one a revocation. Read anew at every question, so that what another process of the
 * owner writes counts at once. Signatures are checked at every read: a file that was tampered with is no grant.
 */
export async function grantBook(folder: string, owner: PartyKey): Promise<GrantBook> {
  const grants = join(folder, "grants");
  const revocations = join(folder, "revocations");
  for (const path of [grants, revocations]) await mkdir(path, { recursive: true, mode: 0o700 });
  const file = (path: string, id: GrantId): string => join(path, `${id}.bin`);
  return {
    grant: async (id) => {
      const bytes = await readFileIfPresent(file(grants, id));
      if (bytes === undefined) return undefined;
      const signed = grant.open(Uint8Array.from(bytes));
      ensure(signed.id === id && signed.signer === owner, "grant_mismatch", "the grant book's file holds another grant than its name says", { grant: id });
      return signed;
    },
    // Whatever the file holds: a damaged revocation still revokes.
    isRevoked: async (id) => (await readFileIfPresent(file(revocations, id))) !== undefined,
    addGrant: (g) => writeFileAtomic(file(grants, g.id), envelopeToBytes(g.envelope)),
    addRevocation: (r) => writeFileAtomic(file(revocations, r.value.grant), envelopeToBytes(r.envelope)),
  };
}
