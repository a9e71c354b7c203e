// Imported first by scripts that are to die: KILL_AT=n kills the process, by SIGKILL, before its n-th change of the file system.
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

const at = Number(process.env["KILL_AT"] ?? 0);
let changes = 0;

const counted = <F extends (...args: never[]) => unknown>(original: F): F =>
  function (this: unknown, ...args: never[]): unknown {
    if (++changes === at) process.kill(process.pid, "SIGKILL");
    return original.apply(this, args);
  } as F;

const promises = fs.promises as unknown as Record<string, (...args: never[]) => unknown>;
const probe = await fs.promises.open("/dev/null", "r");
const handle = Object.getPrototypeOf(probe) as Record<string, (...args: never[]) => unknown>;
await probe.close();
for (const name of ["write", "writeFile", "appendFile", "sync", "truncate"]) handle[name] = counted(handle[name] as never);
for (const name of ["rename", "unlink", "link", "mkdir", "rmdir", "writeFile", "truncate"]) promises[name] = counted(promises[name] as never);
syncBuiltinESMExports();

/** How many changes there were so far: as many places to die at. */
export const changesSoFar = (): number => changes;
