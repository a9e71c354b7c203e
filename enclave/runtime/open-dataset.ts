import { equalBytes, type Bytes } from "../../src/protocol/bytes.js";
import { ensure } from "../../src/protocol/errors.js";
import { sha256 } from "../../src/protocol/hash.js";
import { idBytes } from "../../src/protocol/ids.js";
import type { DatasetManifest, Segment } from "../../src/protocol/objects/index.js";
import { openSegment } from "../../src/protocol/sealing.js";
import { openDataset as openCommitted, type OpenedDataset } from "../../src/programs/open-dataset.js";
import type { Program } from "../../src/programs/program.js";
import type { Session } from "./session.js";

/** Sealed segments by index, fetched ahead of the key, so that it lives as briefly as can be. */
export type Ciphertexts = readonly Bytes[];

/** Segments that are fetched at the same time. */
const AHEAD = 8;

/** Fetches every segment and checks it against the signed manifest. @throws commitment_mismatch, not_found */
export async function fetchSegments({ ports, guard, phases }: Session, segments: readonly Segment[]): Promise<Ciphertexts> {
  const fetched: Bytes[] = [];
  for (let at = 0; at < segments.length; at += AHEAD) {
    const group = segments.slice(at, at + AHEAD);
    fetched.push(...await Promise.all(group.map(async (segment) => checkCiphertext(segment, await ports.api.getBlob(segment.ciphertext)))));
    await guard.checkpoint();
    phases.advance(fetched.length / segments.length);
  }
  return fetched;
}

function checkCiphertext(segment: Segment, bytes: Bytes): Bytes {
  ensure(bytes.length === segment.ciphertextLength && equalBytes(sha256(bytes), idBytes(segment.ciphertext)),
    "commitment_mismatch", "a stored segment is not the one in the manifest", { segment: segment.index });
  return bytes;
}

/**
 * Decrypts a dataset and checks it whole. Plaintext and salts are wiped as soon as they are read; heartbeats get their turn
 * between chunks.
 * @throws as src/programs/open-dataset.ts, lease_lost
 */
export async function openDataset(
  session: Session, program: Program, manifest: DatasetManifest, dataKey: Bytes, ciphertexts: Ciphertexts,
): Promise<OpenedDataset> {
  const { guard, phases, secrets } = session;
  const place = { kind: "segment", owner: manifest.owner, subject: manifest.datasetId, version: manifest.datasetVersion } as const;
  const chunks = manifest.segments.length - 1;
  const opened = await openCommitted(program, manifest, {
    plaintext: async (index) => secrets.keep(await openSegment(dataKey, { ...place, index }, ciphertexts[index] as Bytes)),
    onChunk: async (chunk, plaintext) => {
      secrets.wipe(plaintext);
      secrets.keep(chunk.salt);
      await guard.checkpoint();
      phases.advance(chunk.index / (2 * chunks));
    },
    onChecked: async (chunk) => {
      await guard.checkpoint();
      phases.advance(0.5 + chunk.index / (2 * chunks));
    },
  });
  await guard.checkpoint();
  return opened;
}
