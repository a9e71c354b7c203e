import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, expect, it } from "vitest";
import { ENCLAVE_BUNDLE } from "../../src/cli/paths.js";
import { describeOnPostgres } from "../coordinator/harness/engines.js";
import { freshPostgresDatabase } from "../coordinator/harness/database.js";
import { compose, root, type ComposeService } from "./harness/files.js";

// Promise: the services of compose.yaml start with the very commands and variables that it gives them, find one another,
// and end when they are asked to. Names of hosts and mounts become this machine's; that is all an engine does too.

const BIN = join(root, "bin/veritee.mjs");
const built = existsSync(join(root, "dist/src/cli/main.js")) && existsSync(ENCLAVE_BUNDLE);
const scratch = await mkdtemp(join(tmpdir(), "veritee-deploy-"));
const running: ChildProcess[] = [];
afterAll(async () => {
  for (const child of running) child.kill("SIGKILL");
  await rm(scratch, { recursive: true, force: true });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

/** Words of a command with this machine's places instead of the engine's. */
function here(service: ComposeService, hosts: Readonly<Record<string, string>>): string[] {
  const mounts = (service.volumes ?? []).map((v) => v.split(":") as [string, string]);
  return service.command.map((word) => {
    let placed = word;
    for (const [from, to] of mounts) placed = placed.replace(`=${to}`, `=${from.startsWith("./") ? join(root, "deploy/compose", from) : join(scratch, from)}`);
    for (const [name, address] of Object.entries(hosts)) placed = placed.replace(name, address);
    return placed;
  });
}

interface Started { readonly output: () => string; readonly stop: () => Promise<number | null> }
function start(words: readonly string[], environment: Readonly<Record<string, string>> = {}): Started {
  const child = spawn(process.execPath, [BIN, ...words], { env: { ...process.env, VERITEE_PROFILE: "development", ...environment }, stdio: ["ignore", "pipe", "pipe"] });
  running.push(child);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => { output += chunk.toString("utf8"); });
  const ended = new Promise<number | null>((resolve) => child.once("exit", (code) => { resolve(code); }));
  return { output: () => output, stop: () => (child.kill("SIGTERM"), ended) };
}

async function until(what: string, look: () => Promise<boolean> | boolean, output: () => string): Promise<void> {
  for (const began = Date.now(); !(await look()); await sleep(200)) {
    if (Date.now() - began > 90_000) throw new Error(`${what} did not come: ${output().slice(-2000)}`);
  }
}

const isReady = (port: number): Promise<boolean> => fetch(`http://127.0.0.1:${port}/readyz`).then((r) => r.ok, () => false);

describeOnPostgres("the services of compose.yaml as processes", (server) => {
  it.skipIf(!built)("start, find one another, and end when asked to (left out before `npm run build`)", async () => {
    const { url: store } = await freshPostgresDatabase(server().url) as { url: string };
    const [chainPort, ...ports] = await Promise.all([freePort(), freePort(), freePort(), freePort(), freePort()]);
    const { chain, worker, "coordinator-1": coordinator } = compose.services as Record<string, ComposeService>;

    const ledger = start(here({ ...chain as ComposeService, volumes: ["chain:/var/lib/veritee"] }, { "--port=8545": `--port=${chainPort}` }));
    await until("the deployment", () => existsSync(join(scratch, "chain/deployment.json")), ledger.output);
    expect(coordinator?.environment).toEqual({ VERITEE_STORE: expect.stringMatching(/^postgres:\/\/veritee:\$\{POSTGRES_PASSWORD:\?.*\}@postgres:5432\/veritee$/) as string });
    const replicas = [[ports[0], ports[1]], [ports[2], ports[3]]].map(([port, admin]) => ({
      port, admin: admin as number,
      ...start([...here(coordinator as ComposeService, { "http://chain:8545": `http://127.0.0.1:${chainPort}`, "--admin-port=9090": `--admin-port=${String(admin)}` }), `--port=${String(port)}`], { VERITEE_STORE: store }),
    }));
    for (const { admin, output } of replicas) await until("a coordinator", () => isReady(admin), output);

    const second = replicas[1] as (typeof replicas)[number];
    const enclave = start(here(worker as ComposeService, { "http://coordinator:8080": `http://localhost:${String(second.port)}` }));
    // The other replica, or this one, takes the worker's registration to the ledger.
    await until("the worker's registration", () => replicas.some((r) => /"kind":"register_worker".*"send_done"/.test(r.output())), () => enclave.output() + second.output());

    expect(await enclave.stop()).toBe(0);
    expect(await Promise.all(replicas.map((r) => r.stop()))).toEqual([0, 0]);
    for (const { output } of replicas) expect(output()).toContain('"event":"stopped"');
    expect(await ledger.stop()).toBe(0);
  }, 240_000);
});
