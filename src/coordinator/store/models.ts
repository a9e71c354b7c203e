import { toHex, type Bytes } from "../../protocol/bytes.js";
import { fieldToBytes } from "../../protocol/field.js";
import type { ModelManifestId } from "../../protocol/ids.js";
import type { ModelManifest, Signed } from "../../protocol/objects/index.js";
import { enqueueSend } from "../outbox/queue.js";
import { addBlobRefs } from "./blob-refs.js";
import type { Db } from "./schema.js";
import { transact } from "./transact.js";

/** Keeps a model's manifest as received and plans the registration of its commitment. */
export async function insertModel(db: Db, signed: Signed<ModelManifest, ModelManifestId>, received: Bytes): Promise<void> {
  const { id, value } = signed;
  const commitment = toHex(fieldToBytes(value.modelCommitment));
  await transact(db, async (trx) => {
    await trx.insertInto("models").values({ id, platform: value.platform, program: value.program, commitment, envelope: received })
      .onConflict((c) => c.column("id").doNothing()).execute();
    await addBlobRefs(trx, id, [value.sealedModel.ciphertext]);
    await enqueueSend(trx, { kind: "register_model", subject: id, commitment });
  });
}

export const findModel = (db: Db, id: string) =>
  db.selectFrom("models").select(["id", "platform", "program"]).where("id", "=", id).executeTakeFirst();
