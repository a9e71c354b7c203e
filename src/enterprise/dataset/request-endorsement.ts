import { ENDORSEMENT_INFO, endorsementAad } from "../../protocol/aad.js";
import type { Bytes } from "../../protocol/bytes.js";
import type { SourceCard } from "../../protocol/endorsement-file.js";
import { hpkeSeal } from "../../protocol/hpke.js";
import type { EndorsementRequest } from "../../protocol/objects/index.js";
import type { SealedDataset } from "./prepare.js";

/**
 * A sealed dataset for the source that is to endorse it: the source can open it and compare it with its own records. It
 * learns the key of this one version, whose records it has already.
 */
export async function requestEndorsement({ manifest, ciphertexts }: SealedDataset, dataKey: Bytes, { account, key }: SourceCard): Promise<EndorsementRequest> {
  return { manifest, segments: ciphertexts, dataKey: await hpkeSeal(key, ENDORSEMENT_INFO, endorsementAad(manifest.id, account), dataKey) };
}
