// What an enterprise does, for its commands and for the demo alike.
import { join } from "node:path";
import type { BrokerEvent, BrokerTrust } from "../../broker/ports.js";
import { folderJournal, writeSealedDataset } from "../../enterprise/dataset/local.js";
import { prepareDataset, type DatasetStep, type SourceParts, type PreparedDataset } from "../../enterprise/dataset/prepare.js";
import { publishDataset, untilAnchored } from "../../enterprise/dataset/publish.js";
import { grantBook } from "../../enterprise/grant-book.js";
import { grantPolicy } from "../../enterprise/grant-policy.js";
import { createGrant, type GrantTerms } from "../../enterprise/grant.js";
import type { SourceCard } from "../../protocol/endorsement-file.js";
import { sourceKeyOf } from "../../protocol/ledger-digest.js";
import type { DatasetManifestId, GrantId } from "../../protocol/ids.js";
import type { Grant, Signed } from "../../protocol/objects/index.js";
import { tagRecords, type ImportedDataset } from "../../programs/import/dataset.js";
import type { Program } from "../../programs/program.js";
import { CoordinatorClient } from "../../transport/client.js";
import { runPartyBroker } from "./broker.js";
import { enterpriseOf, type Home } from "./home.js";
import { clock, random } from "./system.js";

/** The ledger's block time is ours to wait for; a minute is many blocks anywhere. */
const ANCHOR_SECONDS = 120;

export const datasetFolder = (home: Home, id: DatasetManifestId): string => join(home.folder, "datasets", id);

/** What a dataset says of the source that is to endorse it. */
export const sourcePartsOf = ({ account, sourceClass }: SourceCard): SourceParts => ({ sourceClass, sourceKey: sourceKeyOf(account) });

export const clientOf = (home: Home, url: string): CoordinatorClient => new CoordinatorClient({ url, key: enterpriseOf(home).signing });

/** A dataset version on the ledger, and how many of the imported records it holds. */
export type AnchoredDataset = Pick<PreparedDataset, "manifest" | "recordCount" | "leftOut">;

/**
 * Step 1: commits, seals, stores the data key, uploads, registers, and waits for the ledger. The key is stored before
 * anything is uploaded: a dataset on the coordinator that its owner cannot open would be lost.
 */
export async function sealDataset(
  home: Home, url: string, program: Program, imported: ImportedDataset, onStep: (step: DatasetStep) => void, source?: SourceParts,
): Promise<AnchoredDataset> {
  const enterprise = enterpriseOf(home);
  const { records } = tagRecords(imported, () => random(32));
  const prepared = await prepareDataset(enterprise, { program, records, terms: imported.terms, ...(source === undefined ? {} : { source }) }, { random, clock, onStep });
  const { manifest, dataKey, recordCount, leftOut } = prepared;
  await home.keys.put(manifest.id, dataKey);
  dataKey.fill(0);
  const folder = datasetFolder(home, manifest.id);
  await writeSealedDataset(folder, prepared);
  const api = clientOf(home, url);
  await publishDataset(enterprise, prepared, { api, journal: await folderJournal(folder), onStep });
  await untilAnchored(api, manifest.value, ANCHOR_SECONDS);
  onStep({ step: "register", done: 1, of: 1 });
  return { manifest, recordCount, leftOut };
}

/** Remembers the grant first, then tells the coordinator: a broker must know what its owner permitted. */
export async function issueGrant(home: Home, url: string, terms: GrantTerms): Promise<Signed<Grant, GrantId>> {
  const enterprise = enterpriseOf(home);
  const signed = await createGrant(enterprise, terms, { random, clock });
  const book = await grantBook(home.folder, enterprise.signing.publicKey);
  await book.addGrant(signed);
  await clientOf(home, url).putGrant(signed.envelope);
  return signed;
}

/** Answers key requests for the enterprise's data until the signal fires. */
export async function brokerForData(home: Home, url: string, trust: BrokerTrust, signal: AbortSignal, onEvent: (event: BrokerEvent) => void): Promise<void> {
  const { signing } = enterpriseOf(home);
  const policy = grantPolicy(await grantBook(home.folder, signing.publicKey));
  await runPartyBroker({ home, signing, policy, api: clientOf(home, url), trust, signal, onEvent });
}
