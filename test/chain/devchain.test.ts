import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { startDevChain } from "../../src/chain/devchain.js";
import { openReader } from "../../src/chain/reader.js";
import { rpc } from "../../src/chain/rpc.js";
import type { LedgerAddress } from "../../src/protocol/ids.js";
import { CHAIN_ID, startWorld } from "../contracts/harness/world.js";

const folder = mkdtempSync(join(tmpdir(), "veritee-devchain-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const account = "00112233445566778899aabbccddeeff00112233" as LedgerAddress;
const balance = (url: string) => rpc(url, "eth_getBalance", [`0x${account}`, "latest"]);

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
async function until(what: () => boolean): Promise<void> {
  for (let i = 0; i < 200 && !what(); i++) await pause(50);
  expect(what()).toBe(true);
}
const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};
const sizeOf = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0;

describe("the state", () => {
  it("is there after a stop: contracts, events, transactions and blocks", async () => {
    const stateFile = join(folder, "kept", "state.json");
    const world = await startWorld("kept state", { stateFile });
    const leaf = world.rng.field();
    const mined = await world.insert(leaf);
    await world.chain.fund(account, 5n);
    const events = await world.reader.leafEvents(0);
    await world.stop();
    expect(alive(world.chain.pid)).toBe(false);

    const chain = await startDevChain({ chainId: CHAIN_ID, stateFile });
    const reader = await openReader(chain.rpcUrl, world.deployment);
    expect(await reader.root()).toBe(leaf);
    expect(await reader.leafEvents(0)).toEqual(events);
    expect(await reader.transaction(mined.txHash)).toMatchObject(mined);
    expect(await balance(chain.rpcUrl)).toBe(`0x${(5n * 10n ** 18n).toString(16)}`);
    await chain.stop();
    await chain.stop();
  });

  it("is at most about a second old after a kill -9, even when it hit a write", async () => {
    const stateFile = join(folder, "killed.json");
    const first = await startDevChain({ chainId: 1, stateFile });
    await first.mine(3);
    await first.stop();
    const second = await startDevChain({ chainId: 1, stateFile });
    await second.mine(4);
    await until(() => sizeOf(`${stateFile}.saved`) > 0);
    process.kill(second.pid, "SIGKILL");
    await second.ended;
    truncateSync(stateFile, 100); // what anvil leaves when it is killed while it writes

    const third = await startDevChain({ chainId: 1, stateFile });
    expect(await rpc(third.rpcUrl, "eth_blockNumber", [])).toBe("0x7");
    await third.mine(1);
    await third.stop();
    const fourth = await startDevChain({ chainId: 1, stateFile });
    expect(await rpc(fourth.rpcUrl, "eth_blockNumber", [])).toBe("0x8");
    await fourth.stop();
  });

  it("is refused and left alone when no copy is whole", async () => {
    const stateFile = join(folder, "torn.json");
    writeFileSync(stateFile, '{"block":{');
    await expect(startDevChain({ chainId: 1, stateFile })).rejects.toMatchObject({ code: "store_failed", facts: { file: stateFile } });
    expect(readFileSync(stateFile, "utf8")).toBe('{"block":{');
  });

  it("is refused to a second chain while the first runs", async () => {
    const stateFile = join(folder, "shared.json");
    const chain = await startDevChain({ chainId: 1, stateFile });
    await expect(startDevChain({ chainId: 1, stateFile })).rejects.toMatchObject({ code: "store_locked", facts: { pid: chain.pid } });
    await chain.stop();
    await (await startDevChain({ chainId: 1, stateFile })).stop();
  });

  it("says when it cannot be saved", async () => {
    const stateFile = join(folder, "blocked.json");
    const problems: string[] = [];
    const chain = await startDevChain({ chainId: 1, stateFile, onProblem: (p) => problems.push(p.code) });
    mkdirSync(`${stateFile}.saved.new`, { recursive: true });
    await chain.mine(1);
    await until(() => problems.length > 0);
    expect(problems[0]).toBe("store_failed");
    await chain.stop();
  });
});

it("runs several at once, each on a port of its own", async () => {
  const chains = await Promise.all([startDevChain({ chainId: 1 }), startDevChain({ chainId: 2 })]);
  expect(new Set(chains.map((c) => c.rpcUrl)).size).toBe(2);
  expect(await rpc((chains[1] as typeof chains[0]).rpcUrl, "eth_chainId", [])).toBe("0x2");
  await Promise.all(chains.map((c) => c.stop()));
});

// The parent runs the source as esbuild bundles it, in a process of its own, so that it can be killed.
it.skipIf(process.platform === "win32").each(["SIGKILL", "SIGTERM"] as const)("leaves no orphan and loses nothing when its parent is ended by %s", async (signal) => {
  const { build } = await import("esbuild");
  const outfile = join(folder, `${signal}.mjs`);
  const stateFile = join(folder, `${signal}.json`);
  // Resolves the binary from the repository: the bundle itself lies outside it.
  const here = fileURLToPath(import.meta.url);
  await build({
    entryPoints: [fileURLToPath(new URL("../../src/chain/devchain.ts", import.meta.url))], outfile,
    bundle: true, platform: "node", format: "esm", logLevel: "error", define: { "import.meta.url": JSON.stringify(`file://${here}`) },
  });
  const script = `import { startDevChain } from ${JSON.stringify(outfile)};
    const chain = await startDevChain({ chainId: 9, stateFile: ${JSON.stringify(stateFile)} });
    await chain.mine(6);
    console.log(chain.pid); setInterval(() => {}, 1000);`;
  const parent = spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(parent.stdout, "data")) as [Buffer];
  const pid = Number(line.toString("utf8"));
  expect(alive(pid)).toBe(true);
  parent.kill(signal);
  await once(parent, "exit");
  // At once: the successor has to wait for the old chain, which is still writing.
  const chain = await startDevChain({ chainId: 9, stateFile });
  expect(alive(pid)).toBe(false);
  expect(await rpc(chain.rpcUrl, "eth_blockNumber", [])).toBe("0x6");
  await chain.stop();
});
