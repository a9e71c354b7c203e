// An enterprise's own part of a result.
import type { ReleaseEvent } from "../../broker/release-log/entry.js";
import { readReleaseLog } from "../../broker/release-log/log.js";
import { readSealedDataset } from "../../enterprise/dataset/local.js";
import { grantBook } from "../../enterprise/grant-book.js";
import { openEnterpriseResult } from "../../enterprise/open-result.js";
import type { Envelope } from "../../protocol/dsse.js";
import { ensure } from "../../protocol/errors.js";
import type { DatasetManifestId, GrantId, JobId } from "../../protocol/ids.js";
import { sealedResult, type EnterpriseResult } from "../../protocol/objects/index.js";
import { receiptFromJson } from "../../protocol/receipt-file.js";
import { clientOf, datasetFolder } from "./enterprise.js";
import { enterpriseOf, type Home } from "./home.js";
import { keepResult, type KeptResult } from "./results.js";

/** Fetches receipt and the enterprise's part of a result, opens it, checks it against the receipt, and keeps it sealed. */
export async function openOwnResult(home: Home, url: string, job: JobId): Promise<{ readonly receipt: unknown; readonly result: EnterpriseResult }> {
  const api = clientOf(home, url);
  const receipt = await api.receipt(job);
  const sealed = (await api.results(job)).find((r) => sealedResult.open(r).value.recipient === enterpriseOf(home).signing.publicKey);
  ensure(sealed !== undefined, "not_found", "the coordinator has no result for this enterprise", { job });
  const { subject } = await releaseOf(home, job);
  const kept: KeptResult = { job, sealed, dataset: (await readSealedDataset(datasetFolder(home, subject as DatasetManifestId))).manifest };
  const result = await openKeptEnterpriseResult(home, kept, receiptFromJson(receipt).statement);
  await keepResult(home, kept);
  return { receipt, result };
}

/** Opens a fetched result against its receipt's statement. */
export async function openKeptEnterpriseResult(home: Home, { job, sealed, dataset }: KeptResult, statement: Envelope): Promise<EnterpriseResult> {
  const enterprise = enterpriseOf(home);
  const { policy } = await releaseOf(home, job);
  const grant = await (await grantBook(home.folder, enterprise.signing.publicKey)).grant(policy as GrantId);
  ensure(grant !== undefined, "not_found", "the grant of this job is not in the grant book", { job });
  return openEnterpriseResult(enterprise, { sealed, statement, job, dataset: dataset.value, grant: grant.value });
}

/** The key release that let a job read: it names dataset and grant. */
async function releaseOf(home: Home, job: JobId): Promise<ReleaseEvent> {
  const { entries } = await readReleaseLog(home.folder, enterpriseOf(home).signing.publicKey);
  const release = entries.find((entry) => entry.job === job && entry.outcome === "released");
  ensure(release !== undefined, "not_found", "the release log has no release for this job", { job });
  return release;
}
