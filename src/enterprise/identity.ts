import { partyFromSeed, type Party } from "../broker/party.js";
import { concat, u32be, type Bytes } from "../protocol/bytes.js";
import type { LedgerAddress } from "../protocol/ids.js";
import { ledgerAddress, ledgerKeyFromRandom } from "../protocol/ledger-digest.js";

/** The account that may insert and revoke one leaf. */
export interface RegistryAuthority {
  readonly address: LedgerAddress;
  readonly privateKey: Bytes;
}

export interface Enterprise extends Party {
  /**
   * Another account for every dataset version, so that the ledger does not show which leaves have one owner.
   * It needs no funds: anyone may relay what it signs.
   */
  registryAuthority(datasetId: Bytes, version: number): RegistryAuthority;
}

/** All keys of an enterprise from one 32-byte seed: the same seed gives the same keys. @throws input_invalid */
export function enterpriseFromSeed(seed: Bytes): Enterprise {
  const party = partyFromSeed("enterprise", seed);
  return {
    ...party,
    registryAuthority: (datasetId, version) => {
      const privateKey = ledgerKeyFromRandom(party.derive("registry-authority", concat(datasetId, u32be(version)), 48));
      return { address: ledgerAddress(privateKey), privateKey };
    },
  };
}
