// One score with coordinator and worker each in a process of its own, and everything that others than its owners get to see of it.
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { SIMULATION_ANCHORS } from "../../../src/attestation/roots.js";
import { builtMeasurement } from "../../../src/cli/measurement.js";
import { PACKAGE_ROOT } from "../../../src/cli/paths.js";
import { brokerForData, issueGrant, sealDataset } from "../../../src/cli/roles/enterprise.js";
import { createHome, type Home } from "../../../src/cli/roles/home.js";
import { addModel, brokerForModels, clientOf, openJob, orderJob } from "../../../src/cli/roles/platform.js";
import { startWorker } from "../../../src/cli/roles/worker.js";
import { brokerSpans } from "../../../src/cli/tracing/broker-spans.js";
import { workerSpans } from "../../../src/cli/tracing/worker-spans.js";
import type { BrokerEvent } from "../../../src/broker/ports.js";
import type { SpanSink } from "../../../src/telemetry/span.js";
import { openTracing } from "../../../src/telemetry/tracing.js";
import { startCollector, type Collector } from "../../telemetry/collector.js";
import type { DatabaseConfig } from "../../../src/coordinator/store/open.js";
import { partyKey } from "../../../src/protocol/ids.js";
import type { PlatformResult } from "../../../src/protocol/objects/index.js";
import type { ImportedDataset } from "../../../src/programs/import/dataset.js";
import type { Program } from "../../../src/programs/program.js";
import type { Scorecard } from "../../../src/programs/scorecard.js";
import { recordingRelay } from "../world.js";
import { folder, ledger, output, rows, type OutputSource } from "./outputs.js";

export interface Stage {
  readonly enterprise: Home;
  readonly platform: Home;
  readonly url: string;
  readonly coordinatorPid: number;
  readonly workerPid: number;
  readonly result: PlatformResult;
  readonly dataset: Awaited<ReturnType<typeof sealDataset>>["manifest"];
  readonly model: Awaited<ReturnType<typeof addModel>>;
  /** While everything runs. */
  readonly outputs: readonly OutputSource[];
  /** Stops every process; afterwards `stored` can be read. */
  halt(): Promise<void>;
  readonly stored: readonly OutputSource[];
  stop(): Promise<void>;
}

export interface Play {
  readonly program: Program;
  readonly card: Scorecard;
  readonly imported: ImportedDataset;
  readonly purpose: string;
  readonly passphrase: string;
  /** Called while the worker computes. */
  readonly during?: (coordinatorPid: number) => void;
}

/** With `postgresUrl` the coordinator's store is there. */
export async function playWithProcesses(play: Play, postgresUrl?: string): Promise<Stage> {
  const root = await mkdtemp(join(tmpdir(), "veritee-canary-"));
  // Whatever any of the processes makes for a while is made here, and searched.
  const [temporary, before] = [join(root, "temporary"), process.env["TMPDIR"]];
  await mkdir(temporary);
  process.env["TMPDIR"] = temporary;
  const relay = await recordingRelay();
  const state = join(root, "coordinator");
  const collector = await startCollector();
  const spans = await Promise.all((["broker", "worker"] as const).map((role) => openTracing({ endpoint: collector.url, role, version: "0" })));
  const [brokersTrace, workersTrace] = [brokerSpans(spans[0] as SpanSink, Date.now), workerSpans(spans[1] as SpanSink, Date.now)];
  const coordinator = await startCoordinatorProcess(state, relay.authority, collector.url, postgresUrl);
  relay.to(coordinator.url);
  const url = `http://${relay.authority}`;
  const said: string[] = [];
  const home = (role: "enterprise" | "platform"): Promise<Home> => createHome(join(root, "homes", role), role, play.passphrase);
  const [enterprise, platform] = await Promise.all([home("enterprise"), home("platform")]);
  const abort = new AbortController();
  const tell = (event: BrokerEvent): void => {
    said.push(JSON.stringify(event));
    brokersTrace(event);
  };
  const brokers = [
    brokerForData(enterprise, url, { anchors: SIMULATION_ANCHORS }, abort.signal, tell), brokerForModels(platform, url, { anchors: SIMULATION_ANCHORS }, abort.signal, tell),
  ];
  const model = await addModel(platform, url, play.program, play.card);
  const measurement = await builtMeasurement();
  let workerSaid = "";
  const worker = await startWorker({ coordinator: url, onMessage: (m) => {
    workerSaid += `${JSON.stringify(m)}\n`;
    workersTrace(m);
  }, onOutput: (line) => void (workerSaid += `${line}\n`) });
  await worker.ready;

  const { manifest: dataset } = await sealDataset(enterprise, url, play.program, play.imported, () => undefined);
  const grant = await issueGrant(enterprise, url, { dataset, grantee: partyKey(model.signer), purpose: play.purpose, allowedMeasurements: [measurement], allowedAnchors: ["sim"] });
  const job = await orderJob(platform, url, { grant, model, allowedMeasurements: [measurement], allowedAnchors: ["sim"] });
  const api = clientOf(platform, url);
  let looked = false;
  for await (const view of api.jobEvents(job.id)) {
    if (view.phase === "prove" && !looked) {
      looked = true;
      play.during?.(coordinator.pid);
    }
  }
  const ended = await api.job(job.id);
  if (ended.state !== "done") throw new Error(`job ${ended.state}: ${JSON.stringify(ended.error)}\n${workerSaid}\n${coordinator.said()}`);
  const { receipt, result } = await openJob(platform, url, job, dataset);

  let halted: Promise<void> | undefined;
  const halt = (): Promise<void> => (halted ??= (async () => {
    abort.abort();
    await Promise.all(brokers);
    await worker.stop();
    await coordinator.stop();
    await Promise.all(spans.map((sink) => sink.close()));
    await collector.close();
    relay.server.close();
  })());
  const database: DatabaseConfig = postgresUrl === undefined ? { kind: "pglite" } : { kind: "postgres", url: postgresUrl };
  return {
    enterprise, platform, url, coordinatorPid: coordinator.pid, workerPid: worker.pid, result, dataset, model, halt,
    outputs: [
      output("the coordinator's sockets", relay.traffic),
      output("the coordinator's standard output and error", coordinator.said),
      output("the worker's messages to its host, and its output", () => workerSaid),
      output("what the brokers told their owners' terminals", () => said.join("\n")),
      output("metrics", async () => (await fetch(`${coordinator.adminUrl}/metrics`, { headers: { connection: "close" } })).text()),
      output("traces", () => tracesOf(collector)),
      output("answers to bad requests", () => badRequests(url)),
      output("the receipt", () => JSON.stringify(receipt)),
      ledger(() => coordinator.rpcUrl),
      folder("the coordinator's folder, while it runs", state),
      folder("temporary files", temporary),
    ],
    stored: [folder("the coordinator's folder", state), rows(state, database)],
    stop: async () => {
      await halt();
      if (before === undefined) delete process.env["TMPDIR"];
      else process.env["TMPDIR"] = before;
      await rm(root, { recursive: true, force: true });
    },
  };
}

/** Once every role has told its part: all that is sent before the job's own span, which ends it, was sent by then. */
async function tracesOf(collector: Collector): Promise<string> {
  for (let tries = 0; collector.services.size < 3 || !collector.spans.some((span) => span.name === "job"); tries++) {
    if (tries > 150) throw new Error(`traces of ${[...collector.services].join(", ")} only`);
    await sleep(200);
  }
  return collector.text();
}

/** Errors of every kind that strangers get to see. */
async function badRequests(url: string): Promise<string> {
  const asked = await Promise.all(["/v1/jobs", "/v1/deployment", "/nowhere", "/v1/blobs/00", `/v1/jobs/${"00".repeat(32)}`].map(async (path) => {
    const response = await fetch(`${url}${path}`, path === "/v1/jobs" ? { method: "POST", body: "x" } : {});
    return `${JSON.stringify([...response.headers])}${await response.text()}`;
  }));
  return asked.join("\n");
}

interface Running { readonly pid: number; readonly url: string; readonly rpcUrl: string; readonly adminUrl: string; readonly said: () => string; stop(): Promise<void> }

async function startCoordinatorProcess(state: string, authority: string, traces: string, postgresUrl: string | undefined): Promise<Running> {
  const [port, adminPort] = [await freePort(), await freePort()];
  const settings = `${state}.settings.json`;
  await writeFile(settings, JSON.stringify({ authorities: [authority] }));
  const child: ChildProcess = spawn(process.execPath, [
    join(PACKAGE_ROOT, "bin/veritee.mjs"), "coordinator", "--simulation", "--allow-development", "--state", state, "--port", String(port), "--admin-port", String(adminPort), "--settings", settings, "--offline",
  ], { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, OTEL_EXPORTER_OTLP_ENDPOINT: traces, ...(postgresUrl === undefined ? {} : { VERITEE_STORE: postgresUrl }) } });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (part: Buffer) => { said += part.toString(); });
  const exited = once(child, "exit");
  const rpcUrl = await new Promise<string>((resolve, reject) => {
    const look = (): void => {
      const ready = /coordinator http\S+, ledger (http\S+) chain/.exec(said);
      if (ready !== null) resolve(ready[1] as string);
    };
    child.stderr?.on("data", look);
    child.once("exit", () => { reject(new Error(`the coordinator did not start:\n${said}`)); });
  });
  return {
    pid: child.pid as number, url: `http://127.0.0.1:${port}`, rpcUrl, adminUrl: `http://127.0.0.1:${adminPort}`, said: () => said,
    stop: async () => {
      if (child.exitCode === null) child.kill("SIGTERM");
      await exited;
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}
