// Signed objects as files: the envelope's bytes, as they go over the wire. Parties hand these to each other.
import { readFile, writeFile } from "node:fs/promises";
import { envelopeToBytes } from "../protocol/dsse.js";
import { VeriteeError } from "../protocol/errors.js";
import type { ObjectId } from "../protocol/ids.js";
import type { ObjectType, Signed } from "../protocol/objects/index.js";

export const writeSigned = (path: string, signed: Signed<unknown>): Promise<void> => writeFile(path, envelopeToBytes(signed.envelope), { mode: 0o600 });

/** @throws not_found, envelope_invalid, signature_invalid naming the file */
export async function readSigned<T, Id extends ObjectId>(path: string, type: ObjectType<T, Id>): Promise<Signed<T, Id>> {
  try {
    return type.open(Uint8Array.from(await readFile(path)));
  } catch (cause) {
    if (cause instanceof VeriteeError) throw new VeriteeError(cause.code, `not a usable ${type.name}: ${cause.message}`, { file: path, ...cause.facts }, { cause });
    throw new VeriteeError("not_found", "cannot read the file", { file: path }, { cause });
  }
}
