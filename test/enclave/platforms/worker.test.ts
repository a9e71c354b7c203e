// The whole worker in this process, on hardware that is emulated at the file system.
import { expect, it } from "vitest";
import type { Host } from "../../../enclave/host.js";
import { ConfigfsTsmCollector } from "../../../enclave/platforms/configfs-tsm.js";
import { hardwarePlatforms } from "../../../enclave/platforms/hardware.js";
import { startWorker } from "../../../enclave/worker.js";
import { evidenceFromJson, type EnclaveMessage, type EvidenceJson, type HostMessage } from "../../../src/attestation/quote-channel.js";
import { reportData } from "../../../src/protocol/report-data.js";
import { serveJob } from "../harness/http-double.js";
import { makeWorld } from "../harness/world.js";
import { FakeConfigfs } from "./harness/fake-configfs.js";
import { noPause, tdxQuote } from "./harness/shapes.js";

it("a worker that finds TDX says so, shows evidence that is bound to nothing, and registers with evidence bound to its keys", async () => {
  const server = await serveJob(await makeWorld({ now: Math.floor(Date.now() / 1000) }));
  const files = new FakeConfigfs({ provider: "tdx_guest" });
  const messages: EnclaveMessage[] = [];
  let tell: (message: HostMessage) => void = () => undefined;
  const closed = new Promise<void>((resolve) => {
    const host: Host = { send: (message) => void messages.push(message), onMessage: (listener) => void (tell = listener), close: resolve };
    let names = 0;
    const collector = new ConfigfsTsmCollector({ files, pause: noPause, newName: () => `r${names++}` });
    startWorker({ host, simulation: undefined, platforms: (config) => ({ ...hardwarePlatforms(config, files), "configfs-tsm": { present: () => files.exists("/sys/kernel/config/tsm/report"), collector: () => collector } }) });
  });
  tell({ type: "config", config: { coordinator: server.url, artefacts: "/nowhere" } });
  // The one job fails for want of proving keys; registration is what counts here.
  expect((await server.ended).$typeName).toBe("veritee.v1.Failure");
  tell({ type: "stop" });
  await closed;
  await server.close();

  expect(messages[0]).toMatchObject({ type: "log", facts: { platform: "configfs-tsm", asked: "auto", found: "configfs-tsm", simulated: false } });
  const shown = evidenceFromJson((messages[1] as { data: EvidenceJson }).data);
  const certificate = server.certificate();
  if (certificate === undefined) throw new Error("not registered");
  const { nonce, worker, evidence } = certificate;
  expect(evidence).toEqual({ platform: "tdx", evidence: tdxQuote(reportData({ nonce, worker, release: undefined })), collateral: new Uint8Array() });
  expect(shown).toMatchObject({ platform: "tdx" });
  expect(shown.evidence).not.toEqual(evidence.evidence);
  expect(files.reports.size).toBe(0);
}, 60_000);
