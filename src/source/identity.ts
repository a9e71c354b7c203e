import { partyFromSeed, type Party } from "../broker/party.js";
import type { Bytes } from "../protocol/bytes.js";
import type { SourceCard } from "../protocol/endorsement-file.js";
import type { LedgerAddress } from "../protocol/ids.js";
import { ledgerAddress, ledgerKeyFromRandom } from "../protocol/ledger-digest.js";

/** A bank, a tax office, a platform: whoever holds records itself and can say that an enterprise's are the same. */
export interface Source extends Party {
  /** The account that endorses; the ledger's registry of sources names it. It needs no funds. */
  readonly account: { readonly address: LedgerAddress; readonly privateKey: Bytes };
}

/** All keys of a source from one 32-byte seed. @throws input_invalid */
export function sourceFromSeed(seed: Bytes): Source {
  const party = partyFromSeed("source", seed);
  const privateKey = ledgerKeyFromRandom(party.derive("endorsement", new Uint8Array(), 48));
  return { ...party, account: { address: ledgerAddress(privateKey), privateKey } };
}

/** What a source hands out. */
export const cardOf = async (source: Source, sourceClass: number): Promise<SourceCard> =>
  ({ account: source.account.address, sourceClass, key: (await source.resultKey(1)).publicKey });
