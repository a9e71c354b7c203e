// The adapters on this machine's own files and processes.
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nodeFiles } from "../../../enclave/platforms/adapters/files.js";
import { nsmHelper } from "../../../enclave/platforms/adapters/nsm-helper.js";
import { run } from "../../../enclave/platforms/adapters/run.js";

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), "vt-adapters-"))));
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("files", () => {
  it("are read to their end, whatever length the system tells", async () => {
    const { length } = await nodeFiles.read("/proc/self/status", 1 << 20);
    expect((await stat("/proc/self/status")).size).toBe(0);
    expect(length).toBeGreaterThan(100);
  });

  it("are refused one byte over the limit", async () => {
    const path = join(folder, "big");
    await writeFile(path, new Uint8Array(100_001));
    expect(await nodeFiles.read(path, 100_001)).toHaveLength(100_001);
    await expect(nodeFiles.read(path, 100_000)).rejects.toMatchObject({ code: "EFBIG" });
  });

  it("are written in place, never created or cut", async () => {
    const path = join(folder, "attribute");
    await expect(nodeFiles.write(path, new Uint8Array(1))).rejects.toMatchObject({ code: "ENOENT" });
    await writeFile(path, "abc");
    await nodeFiles.write(path, Uint8Array.of(0x78));
    expect(Buffer.from(await nodeFiles.read(path, 10)).toString()).toBe("xbc");
  });

  it("say with the system's own codes what is wrong", async () => {
    await expect(nodeFiles.makeFolder(folder)).rejects.toMatchObject({ code: "EEXIST" });
    await expect(nodeFiles.removeFolder(folder)).rejects.toMatchObject({ code: "ENOTEMPTY" });
    expect(await nodeFiles.exists(folder)).toBe(true);
    expect(await nodeFiles.exists(join(folder, "none"))).toBe(false);
  });
});

describe("programs", () => {
  const node = (script: string, limit = 1000, input = new Uint8Array()) => run(process.execPath, ["-e", script], { limit, input });

  it("get their input and give their output and code", async () => {
    const { code, stdout } = await node("process.stdin.pipe(process.stdout); process.exitCode = 3", 1000, Uint8Array.of(1, 2, 3));
    expect({ code, stdout: [...stdout] }).toEqual({ code: 3, stdout: [1, 2, 3] });
  });

  it("get no environment but PATH", async () => {
    const { stdout } = await node("process.stdout.write(Object.keys(process.env).join())");
    expect(Buffer.from(stdout).toString()).toBe("PATH");
  });

  it("are ended when they say too much", async () => {
    await expect(node("for (;;) process.stdout.write('x'.repeat(1000))", 5000)).rejects.toMatchObject({ code: "EFBIG" });
  });

  it("may end without reading", async () => {
    expect(await node("process.exit(4)", 1000, new Uint8Array(1 << 20))).toMatchObject({ code: 4 });
  });

  it("that are not there are ENOENT", async () => {
    await expect(nsmHelper("/nowhere/nsm-request").request(new Uint8Array(1))).rejects.toMatchObject({ code: "ENOENT" });
  });
});
