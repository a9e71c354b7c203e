import { Command } from "commander";
import { join } from "node:path";
import { SIMULATION_ANCHORS, VENDOR_ANCHORS } from "../../attestation/roots.js";
import { CollateralCache } from "../../collateral/cache.js";
import type { Check } from "../doctor/check.js";
import { checkCollateral } from "../doctor/collateral.js";
import { checkArtefacts, checkEnclave, checkNode, checkStore } from "../doctor/environment.js";
import { checkCoordinator, checkLedger } from "../doctor/services.js";
import { createOutput, EXIT } from "../output.js";
import { STATE_DIR } from "../paths.js";
import { PROFILE } from "../profile.js";
import { clock } from "../roles/system.js";
import { DEFAULT_CACHE } from "../roles/collateral.js";

interface Options { state: string; cache: string; rpc?: string; coordinator?: string; json?: boolean }

export const doctorCommand = (): Command =>
  new Command("doctor")
    .description("Look after this installation: environment, artefacts, enclave, store, services, collateral and how long it lasts.")
    .option("--state <dir>", "folder of the coordinator's store", join(STATE_DIR, "coordinator"))
    .option("--cache <dir>", "folder of the collateral cache", DEFAULT_CACHE)
    .option("--rpc <url>", "also ask this ledger node")
    .option("--coordinator <url>", "also ask this coordinator")
    .option("--json", "print {ok, checks: [{name, ok, detail, facts}]}")
    .addHelpText("after", "\nExit code 0 when all is well, 1 when something needs attention. Nothing is changed.\n\nExample:\n  veritee doctor --coordinator http://127.0.0.1:8080")
    .action(async (options: Options) => {
      const checks = await examine(options);
      const ok = checks.every((check) => check.ok);
      createOutput(options.json ?? false).result({ ok, checks }, () => inWords(checks));
      process.exitCode = ok ? EXIT.ok : EXIT.negative;
    });

async function examine({ state, cache, rpc, coordinator }: Options): Promise<readonly Check[]> {
  return [
    await checkNode(process.versions.node),
    ...(await checkArtefacts()),
    await checkEnclave(),
    await checkStore(state),
    ...(rpc === undefined ? [] : [await checkLedger(rpc)]),
    ...(coordinator === undefined ? [] : [await checkCoordinator(coordinator)]),
    // In production, simulated collateral is something that does not belong here.
    ...(await checkCollateral(new CollateralCache(cache), PROFILE === "production" ? VENDOR_ANCHORS : SIMULATION_ANCHORS, clock())),
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
