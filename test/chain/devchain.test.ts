import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, it } from "vitest";
import { startDevChain } from "../../src/chain/devchain.js";
import { rpc } from "../../src/chain/rpc.js";
import type { LedgerAddress } from "../../src/protocol/ids.js";

const folder = mkdtempSync(join(tmpdir(), "veritee-devchain-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const account = "00112233445566778899aabbccddeeff00112233" as LedgerAddress;
const balance = (url: string) => rpc(url, "eth_getBalance", [`0x${account}`, "latest"]);

const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

it("keeps its state over a stop, history included", async () => {
  const stateFile = join(folder, "kept", "state.json");
  const first = await startDevChain({ chainId: 7_001, stateFile });
  await first.mine(3);
  await first.fund(account, 5n);
  await first.mine(1);
  await first.stop();
  expect(alive(first.pid)).toBe(false);

  const second = await startDevChain({ chainId: 7_001, stateFile });
  expect(await rpc(second.rpcUrl, "eth_chainId", [])).toBe("0x1b59");
  expect(await rpc(second.rpcUrl, "eth_blockNumber", [])).toBe("0x4");
  expect(await balance(second.rpcUrl)).toBe(`0x${(5n * 10n ** 18n).toString(16)}`);
  expect(await rpc(second.rpcUrl, "eth_getBalance", [`0x${account}`, "0x2"])).toBe("0x0");
  await second.stop();
  await second.stop();
});

it("runs several at once, each on a port of its own", async () => {
  const chains = await Promise.all([startDevChain({ chainId: 1 }), startDevChain({ chainId: 2 })]);
  expect(new Set(chains.map((c) => c.rpcUrl)).size).toBe(2);
  await Promise.all(chains.map((c) => c.stop()));
});

it("says so when its state file is torn", async () => {
  const stateFile = join(folder, "torn.json");
  writeFileSync(stateFile, '{"block":{');
  await expect(startDevChain({ chainId: 1, stateFile })).rejects.toMatchObject({ code: "chain_unavailable" });
});

// A parent of its own, so that it can be killed: the built devchain.js, or the source by Node's type stripping, is not
// needed; the parent runs the very launch line through the source transpiled by esbuild.
it.skipIf(process.platform === "win32").each(["SIGKILL", "SIGTERM"] as const)("dies with a parent that is ended by %s", async (signal) => {
  const { build } = await import("esbuild");
  const entry = fileURLToPath(new URL("../../src/chain/devchain.ts", import.meta.url));
  const outfile = fileURLToPath(new URL(`../../node_modules/.cache/veritee-devchain-${signal}.mjs`, import.meta.url));
  await build({ entryPoints: [entry], bundle: true, platform: "node", format: "esm", outfile, logLevel: "error" });
  const script = `import { startDevChain } from ${JSON.stringify(outfile)};
    const chain = await startDevChain({ chainId: 9 }); console.log(chain.pid); setInterval(() => {}, 1000);`;
  const parent = spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(parent.stdout, "data")) as [Buffer];
  const pid = Number(line.toString("utf8"));
  expect(alive(pid)).toBe(true);
  parent.kill(signal);
  await once(parent, "exit");
  for (let i = 0; i < 100 && alive(pid); i++) await new Promise((r) => setTimeout(r, 50));
  expect(alive(pid)).toBe(false);
  rmSync(outfile, { force: true });
});
