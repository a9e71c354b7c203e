import { Command } from "commander";
import { join } from "node:path";
import { withdrawProofIfAny } from "../../enterprise/dataset/publish-proof.js";
import { withdrawDataset } from "../../enterprise/dataset/publish.js";
import type { DatasetStep } from "../../enterprise/dataset/prepare.js";
import { hexId, type DatasetManifestId } from "../../protocol/ids.js";
import { cardFromJson } from "../../protocol/endorsement-file.js";
import { datasetManifest } from "../../protocol/objects/index.js";
import { isoDay } from "../days.js";
import type { Program } from "../../programs/program.js";
import { readSigned, writeSigned } from "../files.js";
import { openPartyHome, withCoordinator, type RemoteOptions } from "../home-options.js";
import { addDestroyCommand } from "./dataset-destroy.js";
import { addProveCommands } from "./dataset-prove.js";
import { importRecords, withRecords, type RecordsOptions } from "../import-records.js";
import { parseProgram, PROGRAM_NAMES, readJson } from "../options.js";
import { createOutput } from "../output.js";
import { progress, type Progress } from "../progress.js";
import { clientOf, datasetFolder, sealDataset, sourcePartsOf } from "../roles/enterprise.js";
import { enterpriseOf } from "../roles/home.js";
import { describeRecords, describeWarnings } from "../warnings.js";

interface SealOptions extends RemoteOptions, RecordsOptions { program: Program; asOf: number; instalment: number; source?: string; out?: string; json?: boolean }

function steps(): (step: DatasetStep) => void {
  const bars = new Map<string, Progress>();
  return ({ step, done, of }) => {
    const bar = bars.get(step) ?? progress(step);
    bars.set(step, bar);
    if (done < of) bar.update(done, of);
    else bar.end();
  };
}

export function datasetCommand(): Command {
  const command = new Command("dataset").description("An enterprise's datasets: import, commit, seal, register, withdraw, destroy.");
  withRecords(withCoordinator(command.command("seal").description("Import records, commit to them, seal them, upload and register them.")))
    .requiredOption("--program <name>", PROGRAM_NAMES, parseProgram)
    .option("--as-of <date>", "with --file: as-of date, YYYY-MM-DD", isoDay, isoDay("2019-12-31"))
    .option("--instalment <n>", "with --file, retail-account: monthly instalment asked for, in minor units", Number, 0)
    .option("--source <card>", "the source that is to endorse the records (`veritee source card`): the dataset must then be endorsed and proved")
    .option("--out <file>", "also write the signed manifest here, for the platform")
    .option("--json", "print the manifest's id, leaf, counts and warnings as JSON")
    .addHelpText("after", "\nExample:\n  veritee dataset seal --home ./acme --coordinator http://127.0.0.1:8080 --program sme-invoice --file invoices.csv")
    .action(async (options: SealOptions) => {
      const home = await openPartyHome(options, "enterprise");
      const imported = await importRecords(options.program, options, { asOfDay: options.asOf, termsAmount: options.instalment });
      const source = options.source === undefined ? undefined : sourcePartsOf(cardFromJson(await readJson(options.source)));
      const { manifest, recordCount, leftOut } = await sealDataset(home, options.coordinator, options.program, imported, steps(), source);
      if (options.out !== undefined) await writeSigned(options.out, manifest);
      const warnings = describeWarnings(imported.warnings);
      createOutput(options.json ?? false).result(
        { dataset: manifest.id, leaf: manifest.value.leaf.toString(16), records: recordCount, leftOut, warnings },
        () => [...warnings, `dataset ${manifest.id}`, `${describeRecords(recordCount, leftOut)}, registered on the ledger`],
      );
    });
  withCoordinator(command.command("withdraw").description("Take a dataset off the ledger: it cannot be scored any more."))
    .argument("<dataset>", "id of the dataset version")
    .addHelpText("after", "\nExample:\n  veritee dataset withdraw 3fa9... --home ./acme --coordinator http://127.0.0.1:8080")
    .action(async (id: string, options: RemoteOptions) => {
      const home = await openPartyHome(options, "enterprise");
      const manifest = await readSigned(join(datasetFolder(home, hexId<DatasetManifestId>(id, 32, "dataset")), "manifest.bin"), datasetManifest);
      const api = clientOf(home, options.coordinator);
      const view = await withdrawDataset(enterpriseOf(home), manifest.value, api);
      const proved = await withdrawProofIfAny(enterpriseOf(home), manifest.value, api);
      createOutput(false).result({ ...view, proved }, () => [`withdrawal of ${id}: ${view.state}${proved === undefined ? "" : `, of its proof: ${proved.state}`}`]);
    });
  addDestroyCommand(command);
  addProveCommands(command);
  return command;
}
