// Sealed results that a party has fetched, kept so that it can open them again without the coordinator. Sealed to the
// party: the folder shows nothing of them.
import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { writeFileAtomic } from "../../broker/atomic-file.js";
import { jobBinding } from "../../protocol/commitments.js";
import { envelopeFromBytes, envelopeToBytes, type Envelope } from "../../protocol/dsse.js";
import { VeriteeError } from "../../protocol/errors.js";
import type { Field } from "../../protocol/field.js";
import { hexId, idBytes, type DatasetManifestId, type JobId } from "../../protocol/ids.js";
import { datasetManifest, type DatasetManifest, type Signed } from "../../protocol/objects/index.js";
import type { Home } from "./home.js";

export interface KeptResult {
  readonly job: JobId;
  readonly sealed: Envelope;
  readonly dataset: Signed<DatasetManifest, DatasetManifestId>;
}

const resultsFolder = (home: Home): string => join(home.folder, "results");

export async function keepResult(home: Home, { job, sealed, dataset }: KeptResult): Promise<void> {
  const folder = join(resultsFolder(home), job);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeFileAtomic(join(folder, "dataset.bin"), envelopeToBytes(dataset.envelope));
  // Last, so that a folder with a result is whole.
  await writeFileAtomic(join(folder, "sealed.bin"), envelopeToBytes(sealed));
}

/** The kept result of the job behind a receipt's J. @throws not_found */
export async function keptResult(home: Home, binding: Field): Promise<KeptResult> {
  const names = (await readdir(resultsFolder(home)).catch(() => [])).filter((name) => /^[0-9a-f]{64}$/.test(name));
  const name = names.find((id) => jobBinding(idBytes(hexId<JobId>(id, 32, "job"))) === binding);
  if (name === undefined) {
    const command = home.role === "platform" ? "veritee job open" : "veritee result";
    throw new VeriteeError("not_found", `no opened result belongs to this receipt: open it first with \`${command}\``, { home: home.folder });
  }
  const read = async (file: string): Promise<Uint8Array> => Uint8Array.from(await readFile(join(resultsFolder(home), name, file)));
  return { job: hexId<JobId>(name, 32, "job"), sealed: envelopeFromBytes(await read("sealed.bin")), dataset: datasetManifest.open(await read("dataset.bin")) };
}
