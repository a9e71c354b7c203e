import { readFile, rm, writeFile } from "node:fs/promises";
import { VeriteeError } from "../protocol/errors.js";
import { rpc } from "./rpc.js";

// A chain whose parent was killed ends by itself and writes its state while it does: a successor that started meanwhile
// would load an old state and then have its own file written over.

const WAIT_MS = 5_000;
const POLL_MS = 25;

interface Holder {
  readonly pid: number;
  readonly rpcUrl: string;
}
const besideOf = (file: string): string => `${file}.pid`;

/** Waits until the last chain on this file has ended. @throws store_locked when it is still in use */
export async function awaitPredecessor(file: string): Promise<void> {
  const holder = await readHolder(file);
  if (holder === undefined) return;
  for (const deadline = Date.now() + WAIT_MS; Date.now() < deadline; await new Promise((r) => setTimeout(r, POLL_MS))) {
    if (!isAlive(holder.pid)) return;
  }
  // Another process may have been given its id since, after a restart of the machine for one: a chain answers.
  const answers = await rpc(holder.rpcUrl, "eth_chainId", []).then(() => true, () => false);
  if (answers) throw new VeriteeError("store_locked", "another process runs the development chain on this state", { file, pid: holder.pid });
}

export const holdState = (file: string, holder: Holder): Promise<void> => writeFile(besideOf(file), JSON.stringify(holder));
export const releaseState = (file: string): Promise<void> => rm(besideOf(file), { force: true });

async function readHolder(file: string): Promise<Holder | undefined> {
  try {
    return JSON.parse(await readFile(besideOf(file), "utf8")) as Holder;
  } catch {
    return undefined; // absent, or torn: then its writer did not live to start anything
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
