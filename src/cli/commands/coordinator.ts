import { Command } from "commander";
import { join } from "node:path";
import { SIMULATION_ANCHORS, VENDOR_ANCHORS } from "../../attestation/roots.js";
import { ensure } from "../../protocol/errors.js";
import { hexId, type Measurement } from "../../protocol/ids.js";
import type { Parameters } from "../../proofs/parameters.js";
import { builtMeasurement } from "../measurement.js";
import { parseCount, parsePort, parsePositive } from "../options.js";
import { openParameters, withParameters, type ParametersOption } from "../parameters.js";
import { STATE_DIR } from "../paths.js";
import { ensureMaySimulate } from "../profile.js";
import { collateralFor, DEFAULT_CACHE } from "../roles/collateral.js";
import { openCoordinator } from "../roles/coordinator.js";
import { openDevLedger, readDeployment, registrarKey, type DevLedger } from "../roles/ledger.js";
import { readSettings, said } from "../settings-file.js";
import { blobsOf, blobsOption } from "../blobs-option.js";
import { databaseOf, storeOption } from "../store-option.js";
import { openSpans } from "../tracing/open.js";
import { untilInterrupted } from "../until-interrupted.js";

interface Options extends ParametersOption {
  state: string; host: string; port: number; store?: string; blobs?: string; rpc?: string[]; confirmations?: number; deployment?: string; key?: string;
  measurement?: string[]; simulation?: boolean; allowDevelopment?: boolean; collateral: string; offline?: boolean;
  settings?: string; adminPort?: number; adminHost?: string; batchSize?: number; batchAge?: number; batchPatient?: boolean;
}

const need = (value: string | undefined, option: string): string => {
  if (value === undefined) throw new Error(`--rpc needs ${option} as well`);
  return value;
};

/** Every receipt of a worker with development keys would be refused: better said before the first job. */
function ensureUsable({ circuits, key }: Parameters, allowed: boolean): void {
  const development = circuits.filter((circuit) => key(circuit).development);
  ensure(allowed || development.length === 0, "config_invalid",
    "these are DEVELOPMENT parameters: allow them with --allow-development, or name those of a ceremony with --parameters", { circuits: development.join(", ") });
}

type Ledger = Omit<DevLedger, "fresh" | "rpcUrl"> & { readonly rpcUrl: string | readonly string[] };

/** The embedded chain unless a node is named. */
async function ledgerOf(o: Options, parameters: Parameters): Promise<Ledger> {
  if (o.rpc === undefined) return openDevLedger(join(o.state, "ledger"), undefined, parameters);
  return {
    rpcUrl: o.rpc,
    deployment: await readDeployment(need(o.deployment, "--deployment")),
    registrarKey: await registrarKey(need(o.key, "--key")),
    stop: async () => undefined,
  };
}

export const coordinatorCommand = (): Command =>
  withParameters(new Command("coordinator"))
    .description("Run a coordinator: stores ciphertext, queues jobs, relays to the ledger. It can read nothing.")
    .option("--state <dir>", "folder of its store and blobs", join(STATE_DIR, "coordinator"))
    .option("--host <host>", "address to listen on", "127.0.0.1")
    .option("--port <n>", "port to listen on", parsePort, 8080)
    .addOption(storeOption())
    .addOption(blobsOption())
    .option("--rpc <url...>", "JSON-RPC of a node, or of several that must agree; the embedded development chain when left out")
    .option("--deployment <file>", "with --rpc: the contracts (veritee ledger deploy)")
    .option("--key <file>", "with --rpc: the registrar's key, used by coordinators on this store alone")
    .option("--confirmations <n>", "blocks above a deed that make it final, 0 to 256 (12 when left out; 0 on the embedded chain)", parseCount)
    .option("--measurement <hex...>", "enclaves that may register as workers; this build's own when left out")
    .option("--simulation", "accept SIMULATED workers")
    .option("--allow-development", "take receipts under DEVELOPMENT parameters, which anyone can forge")
    .option("--collateral <dir>", "cache of vendors' collateral, for workers whose evidence comes without it", DEFAULT_CACHE)
    .option("--offline", "never ask the vendors' services: cache and imported bundles only")
    .option("--settings <file>", "JSON with further settings: quotas, bounds on load (docs/operate-coordinator.md)")
    .option("--admin-port <n>", "port for metrics and probes, unsigned; none when left out", parsePort)
    .option("--admin-host <host>", "address of that port (127.0.0.1 when left out)")
    .option("--batch-size <n>", "receipts that go to the ledger in one transaction, 1 to 64 (16 when left out)", parsePositive)
    .option("--batch-age <ms>", "how long a receipt waits for others, at most (4000 when left out)", parsePositive)
    .option("--batch-patient", "wait that long even when no job is under way that could join: the moment of a receipt says less")
    .addHelpText("after", "\nLog lines go to standard output as JSON.\n\nExample:\n  veritee coordinator --simulation --allow-development --port 8080")
    .action(async (o: Options) => {
      const stores = { ...databaseOf(o.store), ...blobsOf(o.blobs) };
      if (o.simulation === true) ensureMaySimulate("simulated workers");
      if (o.allowDevelopment === true) ensureMaySimulate("development parameters");
      const parameters = await openParameters(o);
      ensureUsable(parameters, o.allowDevelopment ?? false);
      const measurements = o.measurement?.map((m) => hexId<Measurement>(m, m.length / 2, "measurement")) ?? [await builtMeasurement()];
      const settings = await readSettings(o.settings);
      const ledger = await ledgerOf(o, parameters);
      const log = { write: (line: string) => void process.stdout.write(line) };
      const coordinator = await openCoordinator({
        settings: {
          // Nobody mines the embedded chain further than deeds do.
          ...(o.rpc === undefined ? { confirmations: 0, watchMs: 250 } : {}),
          ...settings, developmentParameters: o.allowDevelopment ?? false, stateDir: o.state, host: o.host, port: o.port,
          ...said({ confirmations: o.confirmations }),
          ...said({ adminPort: o.adminPort, adminHost: o.adminHost, batchSize: o.batchSize, batchAgeMs: o.batchAge, batchEarly: o.batchPatient === true ? false : undefined }),
          ...stores,
        },
        rpcUrl: ledger.rpcUrl, deployment: ledger.deployment, registrarKey: ledger.registrarKey,
        measurements, simulation: o.simulation ?? false, log, parameters, spans: await openSpans("coordinator"),
        completeEvidence: collateralFor(o.simulation === true ? SIMULATION_ANCHORS : VENDOR_ANCHORS, o.collateral, o.offline ?? false),
      }).catch(async (error: unknown) => {
        await ledger.stop();
        throw error;
      });
      process.stderr.write(`coordinator ${coordinator.url}, ledger ${[ledger.rpcUrl].flat().map((url) => new URL(url).origin).join(" and ")} chain ${ledger.deployment.chainId}\n`);
      await untilInterrupted(new Promise<void>(() => undefined), async () => {
        await coordinator.close();
        await ledger.stop();
      });
    });
