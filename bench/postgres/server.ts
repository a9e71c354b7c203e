import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chownSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { findBinaries, program, serverAccount, type Binaries } from "./binaries.js";

/** A PostgreSQL of one's own in a temporary folder, for tests and measurements: it trusts every local caller. */
export interface PostgresServer {
  /** Of its maintenance database. The same after a restart. */
  readonly url: string;
  readonly version: string;
  /** Ends every connection and process at once, as a power cut of the server's process would. */
  crash(): Promise<void>;
  /** After a crash: recovers from its log. */
  restart(): Promise<void>;
  /** Whether its process is there: a full disk can end it. */
  running(): boolean;
  stop(): Promise<void>;
}

const USER = "veritee";
const START_MS = 30_000;
const TRIES = 3;
const SETTINGS = ["listen_addresses=127.0.0.1", "unix_socket_directories=", "shared_buffers=32MB", "max_connections=100", "lc_messages=C", "jit=off"];

export interface ServerOptions {
  /** Off saves time where only processes are killed. */
  readonly fsync: boolean;
  /** Where its data are; by default below the system's temporary folder. */
  readonly folder?: string;
  /** Takes less than 40 MiB for an empty database. */
  readonly small?: boolean;
}

const SMALL = { initdb: ["--wal-segsize=1"], settings: ["min_wal_size=2MB", "max_wal_size=4MB", "autovacuum=off"] };

/** @throws Error that says why none could be started */
export async function startPostgres(options: ServerOptions): Promise<PostgresServer> {
  const scratch = await mkdtemp(join(options.folder ?? tmpdir(), "veritee-postgres-"));
  const small = options.small === true ? SMALL : { initdb: [], settings: [] };
  try {
    const { uid, gid } = serverAccount();
    if (uid !== undefined && gid !== undefined) chownSync(scratch, uid, gid);
    const binaries = findBinaries(scratch);
    const data = initialise(binaries, scratch, small.initdb);
    const launch = (port: number) => launchServer(binaries, data, [...SETTINGS, ...small.settings, `port=${port}`, `fsync=${options.fsync ? "on" : "off"}`]);
    const { port, child } = await onFreePort(launch);
    return serverOf({ scratch, port, version: binaries.version, launch: () => launch(port) }, child);
  } catch (error) {
    await rm(scratch, { recursive: true, force: true });
    throw error;
  }
}

function initialise({ folder }: Binaries, scratch: string, options: readonly string[]): string {
  const data = join(scratch, "data");
  const { status, stderr, error } = spawnSync(program(folder, "initdb"), ["-D", data, "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", ...options],
    { ...serverAccount(), cwd: scratch, encoding: "utf8", env: { PATH: process.env["PATH"], LC_ALL: "C" } });
  if (status !== 0) throw new Error(`initdb failed: ${(error?.message ?? stderr).trim()}`);
  return data;
}

/** Another program may take a port between our look and the server's start. */
async function onFreePort(launch: (port: number) => Promise<ChildProcess>): Promise<{ readonly port: number; readonly child: ChildProcess }> {
  for (let left = TRIES; ; left--) {
    const port = await freePort();
    try {
      return { port, child: await launch(port) };
    } catch (error) {
      if (left === 1) throw error;
    }
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => { probe.close(resolve); });
  return port;
}

/** Answers when the server takes connections. */
async function launchServer({ folder }: Binaries, data: string, settings: readonly string[]): Promise<ChildProcess> {
  const child = spawn(program(folder, "postgres"), ["-D", data, ...settings.flatMap((s) => ["-c", s])],
    { ...serverAccount(), cwd: data, stdio: ["ignore", "ignore", "pipe"], env: { PATH: process.env["PATH"], LC_ALL: "C" } });
  const said: string[] = [];
  const lines = createInterface({ input: child.stderr });
  const ready = new Promise<void>((resolve) => {
    lines.on("line", (line) => {
      if (said.length < 50) said.push(line);
      if (line.includes("database system is ready to accept connections")) resolve();
    });
  });
  const failed = once(child, "exit").then(() => { throw new Error(`PostgreSQL ended at its start: ${said.join(" | ")}`); });
  const late = new Promise<never>((_, reject) => setTimeout(() => { reject(new Error(`PostgreSQL is not ready after ${START_MS} ms`)); }, START_MS).unref());
  try {
    await Promise.race([ready, failed, late]);
  } catch (error) {
    child.kill("SIGKILL");
    throw error;
  }
  failed.catch(() => undefined);
  late.catch(() => undefined);
  return child;
}

interface Own { readonly scratch: string; readonly port: number; readonly version: string; launch(): Promise<ChildProcess> }

function serverOf({ scratch, port, version, launch }: Own, first: ChildProcess): PostgresServer {
  let child = first;
  // Quick shutdown by its own signal, when this process ends without having stopped it.
  const onExit = (): void => void child.kill("SIGINT");
  process.on("exit", onExit);
  const end = async (signal: "SIGINT" | "SIGQUIT"): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill(signal);
    await gone;
  };
  return {
    url: `postgres://${USER}@127.0.0.1:${port}/postgres`,
    version,
    crash: () => end("SIGQUIT"),
    restart: async () => { child = await launch(); },
    running: () => child.exitCode === null && child.signalCode === null,
    stop: async () => {
      await end("SIGINT");
      process.off("exit", onExit);
      await rm(scratch, { recursive: true, force: true });
    },
  };
}
