import { Command } from "commander";
import { join } from "node:path";
import { SIMULATION_ANCHORS, VENDOR_ANCHORS } from "../../attestation/roots.js";
import type { TrustAnchors } from "../../attestation/verdict.js";
import { CollateralCache } from "../../collateral/cache.js";
import { daysLeftSamples } from "../../collateral/expiry.js";
import type { Check } from "../doctor/check.js";
import { checkCollateral } from "../doctor/collateral.js";
import { checkArtefacts, checkEnclave, checkNode, checkStore } from "../doctor/environment.js";
import { checkCoordinator, checkLedger } from "../doctor/services.js";
import { checkBucket, checkDatabase, checkSettings } from "../doctor/store.js";
import { createOutput, EXIT } from "../output.js";
import { STATE_DIR } from "../paths.js";
import { PROFILE } from "../profile.js";
import { clock } from "../roles/system.js";
import { storeOption } from "../store-option.js";
import { DEFAULT_CACHE } from "../roles/collateral.js";

interface Options { state: string; cache: string; store?: string; settings?: string; rpc?: string; coordinator?: string; metrics?: boolean; json?: boolean }

export const doctorCommand = (): Command =>
  new Command("doctor")
    .description("Look after this installation: environment, artefacts, enclave, store, services, collateral and how long it lasts.")
    .option("--state <dir>", "folder of the coordinator's store", join(STATE_DIR, "coordinator"))
    .option("--cache <dir>", "folder of the collateral cache", DEFAULT_CACHE)
    .addOption(storeOption())
    .option("--settings <file>", "also check a coordinator's settings, and ask the bucket that they name")
    .option("--rpc <url>", "also ask this ledger node")
    .option("--coordinator <url>", "also ask this coordinator")
    .option("--metrics", "print the collateral's days left as Prometheus text instead, for a node exporter's text files")
    .option("--json", "print {ok, checks: [{name, ok, detail, facts}]}")
    .addHelpText("after", "\nExit code 0 when all is well, 1 when something needs attention. Nothing is changed.\n\nExample:\n  veritee doctor --coordinator http://127.0.0.1:8080")
    .action(async (options: Options) => {
      if (options.metrics === true) return void process.stdout.write(await metrics(options.cache));
      const checks = await examine(options);
      const ok = checks.every((check) => check.ok);
      createOutput(options.json ?? false).result({ ok, checks }, () => inWords(checks));
      process.exitCode = ok ? EXIT.ok : EXIT.negative;
    });

/** In production, simulated collateral is something that does not belong here. */
const anchors = (): TrustAnchors => (PROFILE === "production" ? VENDOR_ANCHORS : SIMULATION_ANCHORS);

/** Prometheus' text format. Label values are names of ours, without quotes or line ends. */
async function metrics(cache: string): Promise<string> {
  const lines = daysLeftSamples(await new CollateralCache(cache).list(), clock()).map(({ name, labels, value }) =>
    `${name}{${Object.entries(labels).map(([k, v]) => `${k}="${v}"`).join(",")}} ${value}\n`);
  return `# HELP veritee_collateral_days_left Days until cached collateral lapses.\n# TYPE veritee_collateral_days_left gauge\n${lines.join("")}`;
}

async function examine({ state, cache, store, settings, rpc, coordinator }: Options): Promise<readonly Check[]> {
  return [
    await checkNode(process.versions.node),
    ...(await checkArtefacts()),
    await checkEnclave(),
    await checkStore(state),
    ...(store === undefined ? [] : [await checkDatabase(store)]),
    ...(settings === undefined ? [] : [await checkSettings(settings), ...(await checkBucket(settings))]),
    ...(rpc === undefined ? [] : [await checkLedger(rpc)]),
    ...(coordinator === undefined ? [] : [await checkCoordinator(coordinator)]),
    ...(await checkCollateral(new CollateralCache(cache), anchors(), clock())),
  ];
}

function inWords(checks: readonly Check[]): readonly string[] {
  const width = Math.max(...checks.map(({ name }) => name.length));
  const troubles = checks.filter(({ ok }) => !ok).length;
  return [
    ...checks.map(({ name, ok, detail }) => `${ok ? "ok       " : "ATTENTION"} ${name.padEnd(width)}  ${detail}`),
    troubles === 0 ? "all is well" : `${troubles} of ${checks.length} need attention`,
  ];
}
