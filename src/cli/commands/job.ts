import { Command, Option } from "commander";
import { writeFile } from "node:fs/promises";
import { VeriteeError } from "../../protocol/errors.js";
import { hexId, type JobId, type Measurement, type ModelManifestId } from "../../protocol/ids.js";
import { datasetManifest, grant, readAnchor, type Anchor, type ReleaseRule } from "../../protocol/objects/index.js";
import { readSigned } from "../files.js";
import { openPartyHome, withCoordinator, type RemoteOptions } from "../home-options.js";
import { builtMeasurement } from "../measurement.js";
import { finalityWords, servedFinality, untilFinal } from "../finality.js";
import { createOutput, EXIT } from "../output.js";
import type { JobView } from "../../transport/api.js";
import { clientOf, openJob, orderJob, readJob, readModelManifest } from "../roles/platform.js";

interface SubmitOptions extends RemoteOptions { grant: string; model: string; anchor: Anchor; measurement?: string; release: ReleaseRule; requireProved?: boolean; callback?: string; json?: boolean }
interface OpenOptions extends RemoteOptions { dataset: string; receipt: string; json?: boolean }

const jobId = (text: string): JobId => hexId<JobId>(text, 32, "job");

export function jobCommand(): Command {
  const command = new Command("job").description("A platform's jobs: submit, follow, open the result.");
  withCoordinator(command.command("submit").description("Ask for a score of a granted dataset under one of the platform's models."))
    .requiredOption("--grant <file>", "the signed grant, from the enterprise")
    .requiredOption("--model <id>", "id of the model")
    .requiredOption("--anchor <name>", "trust anchor to which the model's key may go; `sim` allows SIMULATED enclaves", readAnchor)
    .option("--measurement <hex>", "enclave to which it may go; this build's own when left out")
    .addOption(new Option("--release <rule>", "what the enterprise is shown").choices(["grade", "full"]).default("grade"))
    .option("--require-proved", "only a dataset whose aggregates are proved will do")
    .option("--callback <url>", "have this address told when the job has ended; it must be on the coordinator's list")
    .option("--json", "print as JSON")
    .addHelpText("after", "\nExample:\n  veritee job submit --home ./bank --coordinator http://127.0.0.1:8080 --grant acme.grant --model 5d20... --anchor sim")
    .action(async (o: SubmitOptions) => {
      const home = await openPartyHome(o, "platform");
      const measurement = o.measurement === undefined ? await builtMeasurement() : hexId<Measurement>(o.measurement, o.measurement.length / 2, "measurement");
      const job = await orderJob(home, o.coordinator, {
        grant: await readSigned(o.grant, grant), model: await readModelManifest(home, hexId<ModelManifestId>(o.model, 32, "model")),
        allowedMeasurements: [measurement], allowedAnchors: [o.anchor], releaseRule: o.release, requireProvedDataset: o.requireProved ?? false,
      });
      const out = createOutput(o.json ?? false);
      // Afterwards: a job without its callback can be followed all the same.
      const refused = o.callback === undefined ? undefined : await clientOf(home, o.coordinator).putCallback(job.id, o.callback).then(() => undefined, (error: unknown) => error);
      out.result({ job: job.id, ...(o.callback === undefined ? {} : { callback: refused === undefined }) }, () => [`job ${job.id}`]);
      if (refused === undefined) return;
      out.note(`the job is submitted, but nobody will be told: ${refused instanceof VeriteeError ? refused.describe() : String(refused)}`);
      process.exitCode = EXIT.negative;
    });
  withCoordinator(command.command("wait").description("Follow a job until it has ended."))
    .argument("<job>", "id of the job")
    .option("--wait-final", "wait on until its receipt is final on the ledger")
    .option("--json", "print the last state as JSON")
    .addHelpText("after", "\nExit code 0 when the job is done, 1 when it failed.\n\nExample:\n  veritee job wait 09ac... --home ./bank --coordinator http://127.0.0.1:8080")
    .action(async (id: string, o: RemoteOptions & { json?: boolean; waitFinal?: boolean }) => {
      const home = await openPartyHome(o, "platform");
      const out = createOutput(o.json ?? false);
      const api = clientOf(home, o.coordinator);
      const follow = async (): Promise<JobView> => {
        for await (const view of api.jobEvents(jobId(id))) out.note(`${view.state}${view.phase === undefined ? "" : ` ${view.phase}`}`);
        return api.job(jobId(id));
      };
      const last = await (o.waitFinal === true ? untilFinal(follow, (view) => { out.note(finalityWords(view.finality)); }) : follow());
      out.result(last, () => [last.error === undefined ? `${last.state}${last.state === "done" ? `, ${finalityWords(last.finality)}` : ""}` : `${last.state}: ${last.error.reason} (${last.error.code})`]);
      process.exitCode = last.state === "done" ? EXIT.ok : EXIT.negative;
    });
  withCoordinator(command.command("open").description("Open a result, check it against its receipt, and keep the receipt."))
    .argument("<job>", "id of the job")
    .requiredOption("--dataset <file>", "the signed dataset manifest, from the enterprise")
    .requiredOption("--receipt <file>", "write the receipt here")
    .option("--json", "print the result as JSON")
    .addHelpText("after", "\nVerify the receipt with `veritee verify`.\n\nExample:\n  veritee job open 09ac... --home ./bank --coordinator http://127.0.0.1:8080 --dataset acme.dataset --receipt receipt.json")
    .action(async (id: string, o: OpenOptions) => {
      const home = await openPartyHome(o, "platform");
      const { receipt, result } = await openJob(home, o.coordinator, await readJob(home, jobId(id)), await readSigned(o.dataset, datasetManifest));
      await writeFile(o.receipt, `${JSON.stringify(receipt, null, 2)}\n`);
      const { score, grade, features, reasons } = result;
      createOutput(o.json ?? false).result({ job: id, score, grade, features, reasonCodes: reasons, receipt: o.receipt }, () => [
        `score ${score}, grade ${grade}`,
        ...features.map((f) => `  ${f.name.padEnd(18)} ${String(f.value).padStart(12)} ${String(f.points).padStart(5)} points`),
        ...reasons.map((r) => `  reason ${r.code}: ${r.pointsLost} points`),
        `receipt ${o.receipt}, ${finalityWords(servedFinality(receipt))}`,
      ]);
    });
  return command;
}
