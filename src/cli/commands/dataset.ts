import { Command } from "commander";
import { join } from "node:path";
import { withdrawDataset } from "../../enterprise/dataset/publish.js";
import { folderSource, openCsv } from "../../enterprise/import/files.js";
import type { DatasetStep } from "../../enterprise/dataset/prepare.js";
import { hexId, type DatasetManifestId } from "../../protocol/ids.js";
import { datasetManifest } from "../../protocol/objects/index.js";
import { isoDay } from "../days.js";
import { openDataFolder, readDatasets } from "../../programs/import/data-folder.js";
import type { ImportedDataset } from "../../programs/import/dataset.js";
import { importFile } from "../../programs/import/single-file.js";
import type { Program } from "../../programs/program.js";
import { readSigned, writeSigned } from "../files.js";
import { openPartyHome, withCoordinator, type RemoteOptions } from "../home-options.js";
import { addProveCommands } from "./dataset-prove.js";
import { parseProgram, PROGRAM_NAMES } from "../options.js";
import { createOutput } from "../output.js";
import { progress, type Progress } from "../progress.js";
import { clientOf, datasetFolder, sealDataset } from "../roles/enterprise.js";
import { enterpriseOf } from "../roles/home.js";
import { describeRecords, describeWarnings } from "../warnings.js";
import { VeriteeError } from "../../protocol/errors.js";

interface SealOptions extends RemoteOptions {
  program: Program; file?: string; data?: string; applicant?: string; asOf: number; instalment: number; out?: string; json?: boolean;
}

async function importFrom(o: SealOptions): Promise<ImportedDataset> {
  if (o.file !== undefined) {
    const terms = { asOfDay: o.asOf, termsAmount: o.instalment };
    return importFile(o.program, openCsv(o.file), { terms, ...(o.applicant === undefined ? {} : { applicant: o.applicant }) });
  }
  if (o.data === undefined || o.applicant === undefined) {
    throw new VeriteeError("input_invalid", "give --file, or --data with --applicant");
  }
  const [one] = await readDatasets(await openDataFolder(folderSource(o.data), { program: o.program }), [o.applicant]);
  return one as ImportedDataset;
}

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
  const command = new Command("dataset").description("An enterprise's datasets: import, commit, seal, register, withdraw.");
  withCoordinator(command.command("seal").description("Import records, commit to them, seal them, upload and register them."))
    .requiredOption("--program <name>", PROGRAM_NAMES, parseProgram)
    .option("--file <csv>", "one enterprise's CSV file (docs/data-formats.md)")
    .option("--data <dir>", "or a folder of many applicants, with --applicant")
    .option("--applicant <id>", "whose rows to take")
    .option("--as-of <date>", "with --file: as-of date, YYYY-MM-DD", isoDay, isoDay("2019-12-31"))
    .option("--instalment <n>", "with --file, retail-account: monthly instalment asked for, in minor units", Number, 0)
    .option("--out <file>", "also write the signed manifest here, for the platform")
    .option("--json", "print the manifest's id, leaf, counts and warnings as JSON")
    .addHelpText("after", "\nExample:\n  veritee dataset seal --home ./acme --coordinator http://127.0.0.1:8080 --program sme-invoice --file invoices.csv")
    .action(async (options: SealOptions) => {
      const home = await openPartyHome(options, "enterprise");
      const imported = await importFrom(options);
      const { manifest, recordCount, leftOut } = await sealDataset(home, options.coordinator, options.program, imported, steps());
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
      const view = await withdrawDataset(enterpriseOf(home), manifest.value, clientOf(home, options.coordinator));
      createOutput(false).result(view, () => [`withdrawal of ${id}: ${view.state}`]);
    });
  addProveCommands(command);
  return command;
}
