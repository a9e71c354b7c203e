import { ENDORSEMENT_INFO, endorsementAad } from "../protocol/aad.js";
import type { Bytes } from "../protocol/bytes.js";
import type { Endorsement } from "../protocol/endorsement-file.js";
import { ensure } from "../protocol/errors.js";
import type { Field } from "../protocol/field.js";
import { hpkeOpen } from "../protocol/hpke.js";
import type { PartyKey } from "../protocol/ids.js";
import { endorseDigest, signLedger, sourceKeyOf, type LedgerPlace } from "../protocol/ledger-digest.js";
import type { EndorsementRequest } from "../protocol/objects/index.js";
import type { CanonicalRecord } from "../protocol/records.js";
import { openSegment } from "../protocol/sealing.js";
import type { Terms } from "../protocol/terms.js";
import { openDataset } from "../programs/open-dataset.js";
import type { Program } from "../programs/program.js";
import { ensureSameRecords } from "./same-records.js";
import type { Source } from "./identity.js";

/** A dataset that a source has been shown, checked whole against its owner's commitments. */
export interface ShownDataset {
  readonly program: Program;
  readonly terms: Terms;
  readonly records: readonly CanonicalRecord[];
  readonly leaf: Field;
  /** whose records they are to be */
  readonly owner: PartyKey;
}

/** What a source has of an enterprise that it knows. */
export interface OwnRecords {
  /** the enterprise's key, from the enterprise itself: whoever has seen the records could show them as its own */
  readonly owner: PartyKey;
  /** in any order, with tags of the source's own */
  readonly records: readonly CanonicalRecord[];
}

/**
 * Opens what an enterprise wants endorsed.
 * @throws open_failed, commitment_mismatch, manifest_mismatch, endorsement_refused (the dataset was sealed for another source)
 */
export async function openRequest(source: Source, program: Program, { manifest: { id, value: manifest }, segments, dataKey: box }: EndorsementRequest): Promise<ShownDataset> {
  const { address } = source.account;
  const dataKey = await hpkeOpen(await source.resultKey(1), ENDORSEMENT_INFO, endorsementAad(id, address), box);
  const place = { kind: "segment", owner: manifest.owner, subject: manifest.datasetId, version: manifest.datasetVersion } as const;
  const { records, terms, opening } = await openDataset(program, manifest, {
    plaintext: async (index): Promise<Bytes> => openSegment(dataKey, { ...place, index }, segments[index] as Bytes),
  });
  dataKey.fill(0);
  ensure(opening.sourceKey === sourceKeyOf(address), "endorsement_refused", "the dataset was sealed for another source", { source: address });
  return { program, terms, records, leaf: manifest.leaf, owner: manifest.owner };
}

/**
 * Signs the dataset's leaf if its records are the source's own. The leaf fixes every record, their number, the terms and the
 * owner: nothing can be trimmed or added afterwards, nor the same records be passed off as somebody else's.
 * @param place the ledger's registry of sources: the endorsement is good there and nowhere else
 * @throws endorsement_refused (another owner, or other records, with the first difference in numbers)
 */
export function endorse(source: Source, { program, terms, records, leaf, owner }: ShownDataset, own: OwnRecords, place: LedgerPlace): Endorsement {
  ensure(owner === own.owner, "endorsement_refused", "the dataset is another owner's", { found: owner, expected: own.owner });
  ensureSameRecords(records, program.canonical(own.records, terms), program.counterparty);
  const { address, privateKey } = source.account;
  const signature = signLedger(endorseDigest(place, program.id, leaf), privateKey);
  return { program: program.id, leaf, source: address, chainId: place.chainId, sourceRegistry: place.contract, signature };
}
