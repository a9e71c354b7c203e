import { appendFile, mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { readFileIfPresent, writeFileAtomic } from "../../broker/atomic-file.js";
import { concat } from "../../protocol/bytes.js";
import { envelopeToBytes } from "../../protocol/dsse.js";
import { ensure } from "../../protocol/errors.js";
import type { BlobId } from "../../protocol/ids.js";
import { datasetManifest, proofRequest } from "../../protocol/objects/index.js";
import { blobId } from "../../protocol/sealing.js";
import { memoryJournal, type UploadJournal } from "./publish.js";
import type { ProofJournal } from "./prove.js";
import type { RequestJournal } from "./prove-by-workers.js";
import type { SealedDataset } from "./prepare.js";

// A sealed dataset as a folder: manifest.bin, <index>.sealed, uploaded.txt, <statement>.proof for what is proved (0: the statement
// that opens both ends), proof-request.bin while workers prove. It holds no key and no plaintext, and it is what an interrupted
// upload or proof goes on from.

export async function writeSealedDataset(folder: string, { manifest, ciphertexts }: SealedDataset): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const [index, ciphertext] of ciphertexts.entries()) await writeFileAtomic(join(folder, `${index}.sealed`), ciphertext);
  // Last, so that a folder with a manifest is whole.
  await writeFileAtomic(join(folder, "manifest.bin"), envelopeToBytes(manifest.envelope));
}

/** @throws not_found, commitment_mismatch */
export async function readSealedDataset(folder: string): Promise<SealedDataset> {
  const bytes = await readFileIfPresent(join(folder, "manifest.bin"));
  ensure(bytes !== undefined, "not_found", "no sealed dataset in this folder", { folder });
  const manifest = datasetManifest.open(Uint8Array.from(bytes));
  const ciphertexts: Uint8Array[] = [];
  for (const { index, ciphertext } of manifest.value.segments) {
    const sealed = Uint8Array.from(await readFile(join(folder, `${index}.sealed`)));
    ensure(blobId(sealed) === ciphertext, "commitment_mismatch", "a sealed segment is not the one in the manifest", { folder, segment: index });
    ciphertexts.push(sealed);
  }
  return { manifest, ciphertexts };
}

/** The journal of such a folder: one blob id a line. A line that is lost costs one upload, which changes nothing. */
export async function folderJournal(folder: string): Promise<UploadJournal> {
  const path = join(folder, "uploaded.txt");
  const text = (await readFileIfPresent(path))?.toString("utf8") ?? "";
  const known = memoryJournal(new Set(text.split("\n") as BlobId[]));
  return {
    has: (id) => known.has(id),
    add: async (id) => {
      await appendFile(path, `${id}\n`);
      await known.add(id);
    },
  };
}

const COORDINATE = 32;

/** The proof request that is under way for such a folder's dataset. */
export function folderRequest(folder: string): RequestJournal {
  const path = join(folder, "proof-request.bin");
  return {
    read: async () => {
      const bytes = await readFileIfPresent(path);
      return bytes === undefined ? undefined : proofRequest.open(Uint8Array.from(bytes));
    },
    write: ({ envelope }) => writeFileAtomic(path, envelopeToBytes(envelope)),
    clear: () => rm(path, { force: true }),
  };
}

/** Proofs of such a folder, one file each: eight coordinates in the order of the wire. A file that is no proof is as if absent. */
export function folderProofs(folder: string): ProofJournal {
  const path = (index: number): string => join(folder, `${index}.proof`);
  return {
    read: async (index) => {
      const bytes = await readFileIfPresent(path(index));
      if (bytes?.length !== 8 * COORDINATE) return undefined;
      const word = (i: number): Uint8Array => Uint8Array.from(bytes.subarray(i * COORDINATE, (i + 1) * COORDINATE));
      return { a: [word(0), word(1)], b: [word(2), word(3), word(4), word(5)], c: [word(6), word(7)] };
    },
    write: (index, { a, b, c }) => writeFileAtomic(path(index), concat(...a, ...b, ...c)),
  };
}
