import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { appraise } from "../../src/attestation/appraise.js";
import { evidenceFromJson, readEnclaveMessage, readHostMessage, type EnclaveMessage } from "../../src/attestation/quote-channel.js";
import { SIMULATION_ANCHORS } from "../../src/attestation/roots.js";
import { utf8 } from "../../src/protocol/bytes.js";
import { launchEnclave, type LaunchedEnclave, type LaunchOptions } from "../../src/simulator/launch.js";
import { measureBundle } from "../../src/simulator/measure.js";
import { SimulatedTee } from "../../src/simulator/simulated-tee.js";

const NOW = 1_800_000_000;
/** An enclave in miniature: answers its config with a quote, lists its environment, stops when told to. */
const ENCLAVE = `
const send = (m) => process.send(m);
process.on("message", (m) => {
  if (m.type === "config") {
    send({ type: "ready", signingKey: "k", ledgerAddress: "a" });
    send({ type: "log", level: "info", message: "booted", facts: { nested: {}, n: 1 } });
    send({ type: "event", name: "environment", data: { env: Object.keys(process.env), config: m.config, file: process.argv[1] } });
    send({ type: "quote", id: 7, reportData: m.config.reportData });
    send({ nonsense: true });
  }
  if (m.type === "quote-reply" || m.type === "quote-error") send({ type: "event", name: m.type, data: m });
  if (m.type === "stop" && !globalThis.stubborn) process.disconnect();
});
process.on("disconnect", () => process.exit());
console.error("to stderr");
`;
const reportData = "05".repeat(64);

let folder: string;
const running: LaunchedEnclave[] = [];
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), "veritee-launch-"))));
afterAll(async () => {
  running.forEach((e) => e.kill());
  await rm(folder, { recursive: true, force: true });
});

async function launch(code: string, over: Partial<LaunchOptions> = {}) {
  const bundlePath = join(folder, `${running.length}.mjs`);
  await writeFile(bundlePath, code);
  const messages: EnclaveMessage[] = [];
  const lines: string[] = [];
  const enclave = await launchEnclave({
    bundlePath, config: { reportData }, tee: SimulatedTee.fromSeed(), clock: () => NOW,
    onMessage: (m) => messages.push(m), onOutput: (l) => lines.push(l), ...over,
  });
  running.push(enclave);
  const event = async (name: string): Promise<Record<string, unknown>> => {
    for (;;) {
      const found = messages.find((m) => m.type === "event" && m.name === name);
      if (found?.type === "event") return found.data as Record<string, unknown>;
      await new Promise((r) => setTimeout(r, 5));
    }
  };
  return { enclave, messages, lines, event, bundlePath };
}

const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

describe("launchEnclave", () => {
  it("gives evidence for the bytes that run, and for no other measurement", async () => {
    const { enclave, event } = await launch(ENCLAVE);
    expect(enclave.measurement).toBe(measureBundle(utf8(ENCLAVE)));
    await enclave.ready;
    const evidence = evidenceFromJson((await event("quote-reply")).evidence as never);
    const policy = { allowedMeasurements: [enclave.measurement], allowedAnchors: ["sim"] } as const;
    const claims = await appraise({ evidence, anchors: SIMULATION_ANCHORS, policy, expectedReportData: new Uint8Array(64).fill(5), atUnixSeconds: NOW });
    expect(claims).toMatchObject({ simulated: true, measurement: enclave.measurement });
    await enclave.stop();
  });

  it("runs a private copy: changing the bundle afterwards changes neither code nor measurement", async () => {
    const { enclave, event, bundlePath } = await launch(ENCLAVE);
    await writeFile(bundlePath, "throw new Error('swapped')");
    expect((await event("environment")).file).not.toBe(bundlePath);
    expect(enclave.measurement).toBe(measureBundle(utf8(ENCLAVE)));
    await enclave.stop();
  });

  it("passes the config and none of the host's environment", async () => {
    process.env.VERITEE_TEST_SECRET = "canary";
    const { enclave, event } = await launch(ENCLAVE);
    const { env, config } = await event("environment");
    expect(config).toEqual({ reportData });
    expect(env).not.toContain("VERITEE_TEST_SECRET");
    delete process.env.VERITEE_TEST_SECRET;
    await enclave.stop();
  });

  it("forwards logs, events and output, and survives a message it does not understand", async () => {
    const { enclave, event, messages, lines } = await launch(ENCLAVE);
    await event("quote-reply");
    expect(messages).toContainEqual({ type: "log", level: "info", message: "booted", facts: { n: 1 } });
    await enclave.stop();
    expect(lines).toContain("to stderr");
    expect(lines.join()).toContain("not understood");
  });

  it("answers a malformed quote request with an error", async () => {
    const { enclave, event } = await launch(ENCLAVE, { config: { reportData: "05" } });
    expect((await event("quote-error")).message).toContain("64 bytes");
    await enclave.stop();
  });

  it("stops cleanly, and by force when the enclave does not listen", async () => {
    const polite = await launch(ENCLAVE);
    await polite.enclave.ready;
    expect(await polite.enclave.stop()).toEqual({ code: 0, signal: null });
    const deaf = await launch(`globalThis.stubborn = true;${ENCLAVE}`);
    await deaf.enclave.ready;
    expect(await deaf.enclave.stop(100)).toEqual({ code: null, signal: "SIGKILL" });
    expect([polite, deaf].map(({ enclave }) => alive(enclave.pid))).toEqual([false, false]);
  });

  it("leaves no copy of the bundle behind", async () => {
    const { enclave, event } = await launch(ENCLAVE);
    const file = (await event("environment")).file as string;
    await enclave.stop();
    await expect(readdir(join(file, ".."))).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("says so when the enclave dies before it is ready", async () => {
    const { enclave, lines } = await launch("throw new Error('boom')");
    await expect(enclave.ready).rejects.toMatchObject({ code: "internal", facts: { code: 1 } });
    expect(lines.join("\n")).toContain("boom");
  });
});

describe("quote channel", () => {
  it("refuses messages of another shape on both sides", () => {
    for (const bad of [null, 1, "x", [], {}, { type: "quote" }, { type: "quote", id: 1.5, reportData: "" }, { type: "log", level: "loud", message: "" }, { type: "ready" }]) {
      expect(() => readEnclaveMessage(bad)).toThrow(expect.objectContaining({ code: "input_invalid" }));
    }
    for (const bad of [null, {}, { type: "quote-reply", id: 1 }, { type: "quote-reply", id: 1, evidence: { platform: "sim" } }, { type: "quote-error", id: "1", message: "" }]) {
      expect(() => readHostMessage(bad)).toThrow(expect.objectContaining({ code: "input_invalid" }));
    }
  });
});
