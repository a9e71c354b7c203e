import { create, toBinary } from "@bufbuild/protobuf";
import type { Bytes } from "../bytes.js";
import { decodeCanonical } from "../canonical.js";
import { VeriteeError } from "../errors.js";
import type { DatasetManifestId } from "../ids.js";
import { EndorsementRequestSchema } from "../wire/veritee_pb.js";
import { datasetManifest, type DatasetManifest } from "./dataset.js";
import type { Signed } from "./define.js";
import { readHpkeBox, type HpkeBox } from "./parts.js";
import { bounded, list, required } from "./read.js";

/** A sealed dataset on its way to the source that is to endorse it. */
export interface EndorsementRequest {
  readonly manifest: Signed<DatasetManifest, DatasetManifestId>;
  /** ciphertexts by segment index */
  readonly segments: readonly Bytes[];
  /** the data key, sealed to the source */
  readonly dataKey: HpkeBox;
}

const MAX_SEGMENT_BYTES = (1 << 20) + 64;

export const endorsementRequestToBytes = ({ manifest, segments, dataKey }: EndorsementRequest): Bytes =>
  toBinary(EndorsementRequestSchema, create(EndorsementRequestSchema, { datasetManifest: manifest.envelope, segments: [...segments], dataKey: { ...dataKey } }));

/** Verifies the manifest's signature. @throws input_invalid, envelope_invalid, signature_invalid */
export function endorsementRequestFromBytes(bytes: Bytes): EndorsementRequest {
  try {
    const m = decodeCanonical(EndorsementRequestSchema, bytes);
    const manifest = datasetManifest.open(required("dataset_manifest", m.datasetManifest));
    const count = manifest.value.segments.length;
    return {
      manifest,
      segments: list("segments", m.segments, { min: count, max: count }, (s) => bounded("segments", s, MAX_SEGMENT_BYTES)),
      dataKey: readHpkeBox("data_key", m.dataKey),
    };
  } catch (cause) {
    if (cause instanceof VeriteeError) throw cause;
    throw new VeriteeError("input_invalid", "not an endorsement request", {}, { cause });
  }
}
