// The two C programs of the Nitro image, compiled, with the kernel's part played by fakes that are linked in.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect, createServer, type AddressInfo, type Server } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nsmHelper } from "../../../enclave/platforms/adapters/nsm-helper.js";

const HERE = dirname(fileURLToPath(import.meta.url));
const SOURCES = join(HERE, "..", "..", "..", "enclave", "image", "nitro");
const hasCompiler = process.platform === "linux" && spawnSync("cc", ["--version"]).status === 0;
const FLAGS = ["-std=gnu17", "-O2", "-Wall", "-Wextra", "-Werror"];

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), "vt-nitro-"))));
afterAll(() => rm(folder, { recursive: true, force: true }));

function compile(name: string, fake: string | undefined, wrapped: readonly string[]): string {
  const out = join(folder, fake === undefined ? name : `${name}-on-fake`);
  const { status, stderr } = spawnSync("cc", [...FLAGS, "-o", out, join(SOURCES, `${name}.c`),
    ...(fake === undefined ? [] : ["-Wno-unused-function", join(HERE, fake)]), ...wrapped.map((symbol) => `-Wl,--wrap=${symbol}`)]);
  expect(stderr.toString()).toBe("");
  expect(status).toBe(0);
  return out;
}

describe.skipIf(!hasCompiler)("nsm-request (needs a C compiler on Linux)", () => {
  let real: string;
  let faked: string;
  beforeAll(() => {
    real = compile("nsm-request", undefined, []);
    faked = compile("nsm-request", "fake-nsm.c", ["open", "ioctl"]);
  });
  const exit = (env: Readonly<Record<string, string>>, input: Uint8Array = Uint8Array.of(1)) => spawnSync(faked, { input, env });

  it("hands the request to the module and its answer back, byte for byte", async () => {
    const request = Uint8Array.from({ length: 4096 }, (_, i) => i % 251);
    expect(await nsmHelper(faked).request(request)).toEqual(request.toReversed());
  });

  it("says that there is no device where there is none", async () => {
    await expect(nsmHelper(real).request(Uint8Array.of(1))).rejects.toMatchObject({ code: "ENOENT" });
  });

  it.each([
    ["EBUSY of the device", { FAKE_OPEN: "16" }, 4], ["no permission", { FAKE_OPEN: "13" }, 6], ["EINTR", { FAKE_IOCTL: "4" }, 3],
    ["a module that is gone", { FAKE_IOCTL: "19" }, 2], ["EMSGSIZE", { FAKE_IOCTL: "90" }, 5], ["EINVAL", { FAKE_IOCTL: "22" }, 1],
    ["a length beyond the buffer", { FAKE_LENGTH: "12289" }, 5],
  ])("ends with a code of its own on %s, without output", (_what, env, code) => {
    const { status, stdout } = exit(env);
    expect({ status, output: stdout.length }).toEqual({ status: code, output: 0 });
  });

  it("takes no request that is longer than the module's limit", () => {
    expect(exit({}, new Uint8Array(4097)).status).toBe(5);
  });
});

describe.skipIf(!hasCompiler)("vsock-relay (needs a C compiler on Linux)", () => {
  /** The parent's side: answers with what it got, backwards, once the worker has ended its half. */
  const parent = async (): Promise<Server> => {
    for (;;) {
      const server = createServer({ allowHalfOpen: true }, (socket) => {
        const parts: Buffer[] = [];
        socket.on("data", (part) => parts.push(part));
        socket.on("end", () => socket.end(Buffer.concat(parts).reverse()));
      });
      server.listen(20_000 + Math.floor(process.hrtime()[1] % 20_000), "127.0.0.1");
      const up = await once(server, "listening").then(() => true, () => false);
      if (up) return server;
    }
  };
  const through = async (port: number, bytes: Buffer): Promise<Buffer> => {
    for (;;) {
      const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
      // Rejects on an error: the relay may not listen yet.
      const up = await once(socket, "connect").then(() => true, () => false);
      if (!up) continue;
      socket.end(bytes);
      const parts: Buffer[] = [];
      for await (const part of socket) parts.push(part as Buffer);
      return Buffer.concat(parts);
    }
  };

  it("carries connections to the parent's port of the same number, several at once, halves closing by themselves", async () => {
    const relay = compile("vsock-relay", "fake-vsock.c", ["socket", "connect"]);
    const server = await parent();
    const port = (server.address() as AddressInfo).port - 1;
    const child = spawn(relay, [String(port)], { stdio: "ignore" });
    try {
      const sent = [1, 2, 3].map((i) => Buffer.alloc(i * 300_000, i).fill(9, 0, 1));
      const got = await Promise.all(sent.map((bytes) => through(port, bytes)));
      got.forEach((bytes, i) => expect(bytes.equals(Buffer.from(sent[i] as Buffer).reverse())).toBe(true));
    } finally {
      child.kill("SIGKILL");
      server.close();
    }
  }, 20_000);

  it("refuses what is not a port", () => {
    const relay = compile("vsock-relay", undefined, []);
    for (const args of [[], ["0"], ["65536"], ["x"], ["80", "81"]]) expect(spawnSync(relay, args).status).toBe(64);
  });
});
