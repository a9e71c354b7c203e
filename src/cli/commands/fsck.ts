import { Command } from "commander";
import { join } from "node:path";
import { parsePositive } from "../options.js";
import { createOutput, EXIT } from "../output.js";
import { STATE_DIR } from "../paths.js";
import { checkCoordinatorStore, type FsckReport } from "../roles/fsck.js";
import { readDeployment } from "../roles/ledger.js";
import { blobsOf, blobsOption } from "../blobs-option.js";
import { databaseOf, storeOption } from "../store-option.js";

interface Options { state: string; store?: string; blobs?: string; home?: string[]; rpc?: string; deployment?: string; running?: boolean; grace: number; repair?: boolean; json?: boolean }

export const fsckCommand = (): Command =>
  new Command("fsck")
    .description("Look for what is lost, duplicated, orphaned or contradictory in a coordinator's store and blobs, brokers' logs and the ledger.")
    .option("--state <dir>", "folder of the coordinator's store and blobs", join(STATE_DIR, "coordinator"))
    .addOption(storeOption())
    .addOption(blobsOption())
    .option("--home <dir...>", "folders of parties whose release logs are compared")
    .option("--rpc <url>", "JSON-RPC of the ledger's chain; the ledger is not asked when left out")
    .option("--deployment <file>", "with --rpc: the contracts; those of the embedded chain in --state when left out")
    .option("--running", "a coordinator runs on the store: judge what is overdue by the clock, not as of the store's last change")
    .option("--grace <hours>", "how long a blob that nothing refers to is left alone", parsePositive, 24)
    .option("--repair", "do what is safe about findings; stop the coordinators before")
    .option("--json", "print {clean, findings: [{check, kind, subject, says, repair}], repaired}")
    .addHelpText("after", "\nExit code 0 when nothing was found (or is left after repairs), 1 otherwise. Changes nothing without --repair.\n\nExample:\n  veritee fsck --state ./coordinator --home ./acme ./bank --rpc http://127.0.0.1:8545")
    .action(async (o: Options) => {
      const deployment = o.deployment ?? join(o.state, "ledger", "deployment.json");
      const report = await checkCoordinatorStore({
        stateDir: o.state, homes: o.home ?? [], running: o.running ?? false, graceSeconds: o.grace * 3600, repair: o.repair ?? false,
        ...databaseOf(o.store), ...blobsOf(o.blobs),
        ledger: o.rpc === undefined ? undefined : { rpcUrl: o.rpc, deployment: await readDeployment(deployment) },
      });
      createOutput(o.json ?? false).result(report, () => inWords(report));
      process.exitCode = report.clean ? EXIT.ok : EXIT.negative;
    });

const inWords = ({ findings, repaired }: FsckReport): readonly string[] => [
  ...repaired.map(({ name, subject }) => `repaired ${name} ${subject}`),
  ...findings.map(({ check, kind, subject, says, repair }) => `${kind.padEnd(13)} ${check}: ${subject}: ${says}${repair === undefined ? "" : ` (--repair: ${repair.name})`}`),
  findings.length === 0 ? "clean" : `${findings.length} findings`,
];
