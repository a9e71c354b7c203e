import { datasetManifest } from "../../protocol/objects/dataset.js";
import type { Finding } from "../finding.js";
import { before, type Check, type Scene } from "../scene.js";
import type { StoredBlob } from "../../coordinator/blobs/blobs.js";

/** Every blob that is referred to is there and whole; what nothing refers to is young. */
export const checkBlobs: Check = async (scene) => {
  const refs = new Set((await scene.db.selectFrom("blob_refs").select("blob").distinct().execute()).map((row) => row.blob));
  const found = await unreferred(scene, refs);
  if (scene.blobs === undefined) return found;
  const stored = await scene.blobs.list();
  const ids = new Set(stored.map((blob) => blob.id));
  for (const blob of refs) {
    if (!ids.has(blob)) found.push({ check: "blobs", kind: "lost", subject: blob, says: "the blob is referred to and not stored" });
  }
  for (const blob of stored) found.push(...(await judge(scene, blob, refs)));
  return found;
};

async function judge(scene: Scene, blob: StoredBlob, refs: ReadonlySet<string>): Promise<Finding[]> {
  if (blob.id !== undefined && refs.has(blob.id)) {
    return (await scene.blobs?.isIntact(blob)) === true ? [] : [{ check: "blobs", kind: "damaged", subject: blob.id, says: "the stored bytes are not the blob's any more" }];
  }
  if (blob.writtenAt >= before(scene, scene.graceSeconds)) return [];
  const says = blob.id === undefined ? "not a blob, such as the draft of a write that was cut short" : "nothing refers to the blob";
  return [{ check: "blobs", kind: "orphaned", subject: blob.id ?? blob.name, says, repair: { name: "drop-blob", blob } }];
}

/** A manifest's segments are referred to, or nobody may read them. */
async function unreferred({ db }: Scene, refs: ReadonlySet<string>): Promise<Finding[]> {
  const found: Finding[] = [];
  for (const { id, envelope } of await db.selectFrom("datasets").select(["id", "envelope"]).orderBy("id").execute()) {
    try {
      const missing = datasetManifest.open(envelope).value.segments.filter((s) => !refs.has(s.ciphertext));
      if (missing.length > 0) found.push({ check: "blobs", kind: "lost", subject: id, says: `${missing.length} segments of the dataset are not referred to` });
    } catch {
      found.push({ check: "blobs", kind: "damaged", subject: id, says: "the dataset's manifest cannot be read" });
    }
  }
  return found;
}
