import { toHex, type Bytes } from "../../protocol/bytes.js";
import { fieldToBytes, type Field } from "../../protocol/field.js";
import type { DatasetManifestId, PartyKey } from "../../protocol/ids.js";
import type { DatasetManifest, Signed } from "../../protocol/objects/index.js";
import { addBlobRefs } from "./blob-refs.js";
import type { Db } from "./schema.js";
import { transact } from "./transact.js";

export const leafHex = (leaf: Field): string => toHex(fieldToBytes(leaf));

/** Keeps a manifest as received. The same one again changes nothing. */
export async function insertDataset(db: Db, signed: Signed<DatasetManifest, DatasetManifestId>, received: Bytes): Promise<void> {
  const { id, value } = signed;
  await transact(db, async (trx) => {
    await trx.insertInto("datasets").values({
      id, owner: value.owner, program: value.program, leaf: leafHex(value.leaf), authority: value.registryAuthority, envelope: received,
    }).onConflict((c) => c.column("id").doNothing()).execute();
    await addBlobRefs(trx, id, value.segments.map((s) => s.ciphertext));
  });
}

export const findDataset = (db: Db, id: string) =>
  db.selectFrom("datasets").select(["id", "owner", "program", "leaf"]).where("id", "=", id).executeTakeFirst();

/** A dataset of the caller's own, by id. */
export const findOwnDataset = (db: Db, owner: PartyKey, id: string) =>
  db.selectFrom("datasets").select("envelope").where("id", "=", id).where("owner", "=", owner).executeTakeFirst();

/** The caller's dataset with this leaf. */
export const findLeafDataset = (db: Db, owner: PartyKey, leaf: string) =>
  db.selectFrom("datasets").select(["id", "authority", "envelope"]).where("leaf", "=", leaf).where("owner", "=", owner).executeTakeFirst();
