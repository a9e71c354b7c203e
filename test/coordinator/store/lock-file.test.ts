import { spawn, spawnSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { lockFolder } from "../../../src/coordinator/store/lock-file.js";

let folder: string;
beforeEach(async () => { folder = await mkdtemp(join(tmpdir(), "veritee-lock-")); });
afterEach(() => rm(folder, { recursive: true, force: true }));
const file = () => join(folder, "coordinator.lock");

describe("lockFolder", () => {
  it("gives a folder to one of many takers, and again after its release", async () => {
    const takers = await Promise.allSettled(Array.from({ length: 10 }, () => lockFolder(folder)));
    const won = takers.filter((t) => t.status === "fulfilled");
    expect(won).toHaveLength(1);
    expect(takers.flatMap((t) => (t.status === "rejected" ? [(t.reason as { code: string }).code] : []))).toEqual(Array(9).fill("store_locked"));
    await won[0]?.value.release();
    await (await lockFolder(folder)).release();
    expect(await readdir(folder)).toEqual([]);
  });

  it("takes over the lock of a process that is gone", async () => {
    const { pid } = spawnSync(process.execPath, ["-e", ""]);
    await writeFile(file(), JSON.stringify({ pid, startTicks: "1", token: "x" }));
    const lock = await lockFolder(folder);
    expect(JSON.parse(await readFile(file(), "utf8"))).toMatchObject({ pid: process.pid });
    await lock.release();
  });

  it.skipIf(process.platform !== "linux")("takes over the lock of a process whose number was used again", async () => {
    await writeFile(file(), JSON.stringify({ pid: process.pid, startTicks: "1", token: "x" }));
    await (await lockFolder(folder)).release();
  });

  it("refuses the folder of a living process", async () => {
    const child = spawn(process.execPath, ["-e", "setTimeout(() => {}, 30000)"]);
    try {
      const stat = process.platform === "linux" ? await readFile(`/proc/${child.pid}/stat`, "utf8") : "";
      const startTicks = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
      await writeFile(file(), JSON.stringify({ pid: child.pid, startTicks, token: "x" }));
      await expect(lockFolder(folder)).rejects.toMatchObject({ code: "store_locked", facts: { pid: child.pid } });
    } finally {
      child.kill("SIGKILL");
    }
  });

  it("does not guess what an unreadable lock means", async () => {
    await writeFile(file(), "not json");
    await expect(lockFolder(folder)).rejects.toMatchObject({ code: "store_locked" });
  });

  it("leaves a lock that is not its own", async () => {
    const lock = await lockFolder(folder);
    const theirs = JSON.stringify({ pid: process.pid, startTicks: "1", token: "theirs" });
    await writeFile(file(), theirs);
    await lock.release();
    expect(await readFile(file(), "utf8")).toBe(theirs);
  });
});
