import type { Bytes } from "../../protocol/bytes.js";
import type { DatasetManifest } from "../../protocol/objects/index.js";
import { openSegment } from "../../protocol/sealing.js";
import { openDataset as openCommitted, type OpenedDataset } from "../../programs/open-dataset.js";
import type { Program } from "../../programs/program.js";

/** Ciphertext of a segment, by index; from the coordinator or from a folder. */
export type SegmentReader = (index: number) => Promise<Bytes>;

/** Opens one's own dataset version whole. What this returns is what a worker will compute from. @throws as src/programs/open-dataset.ts */
export function openDataset(program: Program, manifest: DatasetManifest, dataKey: Bytes, read: SegmentReader): Promise<OpenedDataset> {
  const place = { kind: "segment", owner: manifest.owner, subject: manifest.datasetId, version: manifest.datasetVersion } as const;
  return openCommitted(program, manifest, { plaintext: async (index) => openSegment(dataKey, { ...place, index }, await read(index)) });
}
