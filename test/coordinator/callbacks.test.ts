import { createServer, type IncomingHttpHeaders, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { JobId } from "../../src/protocol/ids.js";
import type { Lease } from "../../src/protocol/wire/veritee_pb.js";
import { completionOf, prepareCase, registerWorker, submit, until, type Case, type WorkerParty } from "./harness/parties.js";
import { sendSigned } from "./harness/raw.js";
import { startService, type Service } from "./harness/service.js";

// Promise R34, with docs/abuse.md: whom the operator lists, and nobody else, is told at least once that a job has ended, with
// nothing in it but what the job's platform may ask for anyway.

interface Told { readonly path: string; readonly headers: IncomingHttpHeaders; readonly body: string }

class Receiver {
  readonly told: Told[] = [];
  connections = 0;
  answer: RequestListener = (_req, res) => { res.writeHead(204).end(); };
  readonly #server: Server = createServer((req, res) => {
    let body = "";
    req.on("data", (part: Buffer) => { body += part.toString(); });
    req.on("end", () => {
      this.told.push({ path: req.url ?? "", headers: req.headers, body });
      this.answer(req, res);
    });
  }).on("connection", () => { this.connections++; });
  async open(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return this;
  }
  get port(): number { return (this.#server.address() as AddressInfo).port; }
  url(path: string): string { return `http://127.0.0.1:${this.port}${path}`; }
  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

let service: Service;
let c: Case;
let worker: WorkerParty;
let quick: Receiver;
let slow: Receiver;
beforeAll(async () => {
  [quick, slow] = [await new Receiver().open(), await new Receiver().open()];
  service = await startService({ callbacks: { allow: [`http://127.0.0.1:${quick.port}`, `http://127.0.0.1:${slow.port}`, `http://localhost:${quick.port}`, ".bank.example"], timeoutSeconds: 2, maxTries: 2 } });
  c = await prepareCase(service.url);
  worker = await registerWorker(service.url);
});
beforeEach(() => {
  quick.told.length = 0;
  quick.answer = (_req, res) => { res.writeHead(204).end(); };
});
afterAll(async () => {
  await service.close();
  quick.close();
  slow.close();
});

const callback = async (job: JobId) => (await sendSigned(service.url, c.platform.key, { path: `/v1/jobs/${job}/callback` })).json;
const finish = async (how: "done" | "failed") => {
  const lease = await worker.api.lease(5) as Lease;
  const job = Buffer.from(lease.jobId).toString("hex") as JobId;
  if (how === "failed") await worker.api.fail(job, lease.leaseToken, { code: "internal", reason: "secret reason", retryable: false } as never);
  else await worker.api.complete(job, lease.leaseToken, completionOf(worker, lease, [c.platform, c.owner], service.chain));
  return job;
};

describe("a callback", () => {
  it("comes when the job has ended, not before, and says nothing but that", async () => {
    for (const how of ["done", "failed"] as const) {
      quick.told.length = 0;
      const job = await submit(c);
      await c.platform.api.putCallback(job, quick.url("/hook?case=7"));
      await c.platform.api.putCallback(job, quick.url("/hook?case=7"));
      expect(await callback(job)).toEqual({ url: quick.url("/hook?case=7"), state: "waiting", tries: 0 });
      await new Promise((resolve) => setTimeout(resolve, 1200));
      expect(quick.told).toEqual([]);
      await finish(how);
      await until(async () => (await callback(job))["state"] === "done");
      const [told] = quick.told as [Told];
      const event = told.headers["veritee-event"];
      expect(event).toMatch(/^[0-9a-f]{32}$/);
      expect([quick.told.length, told.path, JSON.parse(told.body)]).toEqual([1, "/hook?case=7", { event, job, state: how }]);
      expect(Object.keys(told.headers).sort()).toEqual(["accept-encoding", "connection", "content-length", "content-type", "host", "user-agent", "veritee-event"]);
    }
  });

  it("comes at once for a job that has ended, and again with the same event when it was not taken", async () => {
    const job = await submit(c);
    await finish("failed");
    quick.answer = (_req, res) => { res.writeHead(quick.told.length === 1 ? 503 : 200).end("thanks"); };
    await c.platform.api.putCallback(job, quick.url("/again"));
    await until(async () => (await callback(job))["state"] === "done");
    expect(quick.told.map((t) => t.headers["veritee-event"])).toEqual(Array.from({ length: 2 }, () => quick.told[0]?.headers["veritee-event"]));
  });

  it("is given up after so many tries, at once when its receiver is gone, and follows no redirect", async () => {
    const [redirected, gone] = [await submit(c), await submit(c)];
    await finish("failed");
    await finish("failed");
    quick.answer = (req, res) => { res.writeHead(req.url === "/gone" ? 410 : 302, { location: quick.url("/elsewhere") }).end(); };
    await c.platform.api.putCallback(redirected, quick.url("/moved"));
    await c.platform.api.putCallback(gone, quick.url("/gone"));
    await until(async () => (await callback(redirected))["state"] === "failed" && (await callback(gone))["state"] === "failed");
    expect([await callback(redirected), await callback(gone)]).toMatchObject([{ tries: 2, error: "service_unavailable" }, { tries: 1 }]);
    expect(quick.told.map((t) => t.path).sort()).toEqual(["/gone", "/moved", "/moved"]);
  });

  it("of a slow receiver holds up nobody else's, and comes again after a restart in the middle", async () => {
    slow.answer = () => undefined;
    const jobs = [];
    for (let i = 0; i < 6; i++) {
      const job = await submit(c);
      await finish("failed");
      await c.platform.api.putCallback(job, slow.url(`/${i}`));
      jobs.push(job);
    }
    await until(() => Promise.resolve(slow.told.length >= 4));
    const job = await submit(c);
    await finish("failed");
    await c.platform.api.putCallback(job, quick.url("/quick"));
    await until(() => Promise.resolve(quick.told.length === 1), 1500);
    service = await service.reopen();
    slow.answer = (_req, res) => { res.end(); };
    await until(async () => (await Promise.all(jobs.map(callback))).every((view) => view["state"] !== "due"), 15_000);
    expect(new Set(slow.told.map((t) => t.path)).size).toBe(6);
  });

  it("goes to no private address that a listed name leads to", async () => {
    const job = await submit(c);
    await finish("failed");
    const before = quick.connections;
    await c.platform.api.putCallback(job, `http://localhost:${quick.port}/inside`);
    await until(async () => (await callback(job))["state"] === "failed");
    expect([quick.connections - before, (await callback(job))["error"]]).toEqual([0, "address_refused"]);
  });
});

describe("an address for a callback", () => {
  it("must be on the operator's list and stay what it was; the owner of the dataset has none to give", async () => {
    const job = await submit(c);
    const code = (url: string, by = c.platform) => by.api.putCallback(job, url).then(() => "kept", (error: { code: string }) => error.code);
    for (const url of ["http://169.254.169.254/", quick.url("/").replace("127.0.0.1", "127.1"), `http://127.0.0.1:${quick.port + 1}/`, "https://bank.example/", "http://a.bank.example/", "x", "https://user@a.bank.example/"]) {
      expect([url, await code(url)]).toEqual([url, "address_refused"]);
    }
    expect(await code("https://a.bank.example/hook", c.owner)).toBe("not_found");
    expect(await code("https://a.bank.example/hook")).toBe("kept");
    expect(await code("https://a.bank.example/other")).toBe("conflict");
    await finish("failed");
  });

  it("is never in the log", () => {
    const log = JSON.stringify(service.log.lines);
    expect(log).toContain("callback_");
    for (const secret of ["case=7", "/again", "bank.example", "secret reason"]) expect(log).not.toContain(secret);
  });

  it("is taken by no service whose operator lists nobody, and a list that cannot be meant stops the start", async () => {
    const plain = await startService();
    try {
      const own = await prepareCase(plain.url);
      await expect(own.platform.api.putCallback(await submit(own), "https://a.bank.example/")).rejects.toMatchObject({ code: "unsupported" });
    } finally {
      await plain.close();
    }
    await expect(startService({ callbacks: { allow: ["https://x/y"] } })).rejects.toMatchObject({ code: "config_invalid", facts: { "callbacks.allow": expect.stringContaining("not a host") } });
    await expect(startService({ callbacks: { networks: ["10.0.0.0/99"] } })).rejects.toMatchObject({ code: "config_invalid", facts: { "callbacks.networks": expect.any(String) } });
  });
});
