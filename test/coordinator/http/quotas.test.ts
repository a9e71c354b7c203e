import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import type { ObjectId } from "../../../src/protocol/ids.js";
import { keyRequest } from "../../../src/protocol/objects/index.js";
import { jsonBody } from "../../../src/coordinator/http/body.js";
import { jsonDepth, MAX_JSON_DEPTH } from "../../../src/coordinator/http/json-depth.js";
import { utf8 } from "../../../src/protocol/bytes.js";
import type { Lease } from "../../../src/protocol/wire/veritee_pb.js";
import { blobIdOf, party, prepareCase, random, registerWorker, submit, type Party } from "../harness/parties.js";
import { sendSigned, send, type RawAnswer } from "../harness/raw.js";
import { startService, type Service } from "../harness/service.js";

const refused = (answer: RawAnswer, quota: string, limit: number) => {
  expect(answer.status).toBe(429);
  expect(answer.json).toMatchObject({ code: "quota_exceeded", facts: { quota, limit } });
  expect(Number(answer.headers["retry-after"])).toBeGreaterThan(0);
};

describe("quotas of one caller", () => {
  let service: Service;
  beforeAll(async () => { service = await startService({ quotas: { storedBlobs: 4, storedBytes: 1000, openJobs: 2, openKeyRequests: 1, openRequests: 3 } }); });
  afterAll(() => service.close());
  const put = (p: Party, body: Uint8Array<ArrayBuffer>, id: string = blobIdOf(body)) => sendSigned(service.url, p.key, { method: "PUT", path: `/v1/blobs/${id}`, body, type: "application/octet-stream" });

  it("bound the number of blobs; a blob counts once, a wrong one not at all", async () => {
    const [p, other] = [party(service.url), party(service.url)];
    const blobs = Array.from({ length: 5 }, () => random(10));
    for (const blob of blobs.slice(0, 4)) expect((await put(p, blob)).status).toBe(200);
    expect((await put(p, random(10), blobIdOf(random(3)))).json).toMatchObject({ code: "input_invalid" });
    expect((await put(p, blobs[0] as never)).status).toBe(200);
    refused(await put(p, blobs[4] as never), "storedBlobs", 4);
    expect((await put(other, blobs[4] as never)).status).toBe(200);
  });

  it("bound the bytes of blobs, also when they come at once, and hold over a restart", async () => {
    const p = party(service.url);
    const answers = await Promise.all([random(400), random(400), random(400)].map((blob) => put(p, blob)));
    expect(answers.map((a) => a.status).sort()).toEqual([200, 200, 429]);
    service = await service.reopen();
    refused(await put(p, random(201)), "storedBytes", 1000);
    expect((await put(p, random(200))).status).toBe(200);
  });

  it("bound open jobs and open key requests; the same request again is the same", async () => {
    const c = await prepareCase(service.url);
    const worker = await registerWorker(service.url);
    await submit(c);
    await submit(c);
    await expect(submit(c)).rejects.toMatchObject({ code: "quota_exceeded", facts: { quota: "openJobs", limit: 2 } });
    const { jobId } = await worker.api.lease(5) as Lease;
    const job = Buffer.from(jobId).toString("hex") as never;
    const ask = () => keyRequest.sign({ job, holder: c.owner.key.publicKey, subject: c.dataset.id as ObjectId, worker: worker.identity, nonce: random(32) }, worker.key).envelope;
    const first = ask();
    await worker.api.putKeyRequest(first);
    await worker.api.putKeyRequest(first);
    await expect(worker.api.putKeyRequest(ask())).rejects.toMatchObject({ code: "quota_exceeded", facts: { quota: "openKeyRequests", limit: 1 } });
  });

  it("bound the requests under way at one time", async () => {
    const p = party(service.url);
    const waits = Array.from({ length: 5 }, () => sendSigned(service.url, p.key, { path: "/v1/inbox?wait=2" }));
    const answers = await Promise.all(waits);
    expect(answers.map((a) => a.status).sort()).toEqual([200, 200, 200, 429, 429]);
    refused(answers.find((a) => a.status === 429) as RawAnswer, "openRequests", 3);
  });
});

describe("the rate of one caller's requests", () => {
  it("is bounded; others are served meanwhile, and a client waits as it is told", async () => {
    const service = await startService({ quotas: { requestsPerSecond: 2, burst: 5 } });
    try {
      const [greedy, honest] = [party(service.url), party(service.url)];
      const answers = await Promise.all(Array.from({ length: 20 }, () => sendSigned(service.url, greedy.key, { path: "/v1/deployment" })));
      expect(answers.filter((a) => a.status === 200).length).toBeLessThanOrEqual(10);
      refused(answers.find((a) => a.status !== 200) as RawAnswer, "requestsPerSecond", 2);
      expect((await sendSigned(service.url, honest.key, { path: "/v1/deployment" })).status).toBe(200);
      // Retry-After is one second, in which two tokens come.
      await expect(greedy.api.deployment()).resolves.toMatchObject({ chainId: 31337 });
      // Nobody signs for these: the address counts.
      const anonymous = await Promise.all(Array.from({ length: 20 }, () => send(service.url, { path: "/openapi.json" })));
      expect(new Set(anonymous.map((a) => a.status))).toEqual(new Set([200, 429]));
    } finally {
      await service.close();
    }
  });
});

describe("a service with too much to do", () => {
  it("refuses with 503 and a time to come back, and still says that it lives", async () => {
    const service = await startService({ load: { maxWaiting: 2 } });
    try {
      const p = party(service.url);
      const waits = [1, 2].map(() => sendSigned(service.url, p.key, { path: "/v1/inbox?wait=3" }));
      await new Promise((resolve) => setTimeout(resolve, 300));
      const third = await sendSigned(service.url, p.key, { path: "/v1/inbox?wait=3" });
      expect([third.status, third.json["code"], third.headers["retry-after"]]).toEqual([503, "service_unavailable", "1"]);
      expect((await send(service.url, { path: "/healthz" })).status).toBe(200);
      expect((await sendSigned(service.url, p.key, { path: "/v1/deployment" })).status).toBe(200);
      expect((await Promise.all(waits)).map((a) => a.status)).toEqual([200, 200]);
      expect((await sendSigned(service.url, p.key, { path: "/v1/inbox?wait=0" })).status).toBe(200);
    } finally {
      await service.close();
    }
  });
});

describe("slow and greedy connections", () => {
  let service: Service;
  beforeAll(async () => { service = await startService({ load: { headSeconds: 1, bodySeconds: 2, maxConnectionsPerAddress: 4 } }); });
  afterAll(() => service.close());

  /** Sends a text, then a byte twice a second; answers what came until the service hung up. */
  const drip = (text: string): Promise<{ seconds: number; answer: string }> => new Promise((resolve) => {
    const started = performance.now();
    const socket = connect(Number(new URL(service.url).port), "127.0.0.1", () => { socket.write(text); });
    let answer = "";
    const timer = setInterval(() => socket.write("x"), 500);
    socket.on("data", (bytes) => { answer += bytes.toString(); });
    socket.on("error", () => undefined);
    socket.on("close", () => {
      clearInterval(timer);
      resolve({ seconds: (performance.now() - started) / 1000, answer });
    });
  });

  it("are cut off while they send a head or a body byte by byte", async () => {
    const [head, body] = await Promise.all([
      drip("GET /healthz HTTP/1.1\r\nhost: x\r\nx-slow: "),
      drip("GET /healthz HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n"),
    ]);
    expect(head.answer).toMatch(/^HTTP\/1\.1 408 /);
    expect(head.seconds).toBeLessThan(10);
    expect(body.seconds).toBeLessThan(15);
  });

  it("get no more than their share of connections", async () => {
    const port = Number(new URL(service.url).port);
    const sockets = await Promise.all(Array.from({ length: 7 }, () => new Promise<{ end(): void; closed: () => boolean }>((resolve) => {
      const socket = connect(port, "127.0.0.1");
      let gone = false;
      socket.on("error", () => undefined);
      socket.on("close", () => { gone = true; });
      setTimeout(() => { resolve({ end: () => socket.destroy(), closed: () => gone }); }, 400);
    })));
    expect(sockets.filter((s) => !s.closed()).length).toBe(4);
    sockets.forEach((s) => { s.end(); });
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect((await send(service.url, { path: "/healthz" })).status).toBe(200);
  });

  it("cannot send a head without end", async () => {
    const fields = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`x-${i}`, "y".repeat(1000)]));
    expect((await send(service.url, { path: "/healthz", headers: fields })).status).toBe(431);
  });
});

describe("depth, before anything is parsed", () => {
  it("is counted outside strings only", () => {
    expect(jsonDepth(utf8('{"a":[{"b":"[[[[{\\"[["}]}'))).toBe(3);
    expect(jsonDepth(utf8('"\\\\"[[]]'))).toBe(2);
    expect(jsonDepth(utf8(""))).toBe(0);
  });

  it("refuses what is nested deeper", () => {
    const nested = (depth: number) => jsonBody(z.unknown()).parse(utf8("[".repeat(depth) + "]".repeat(depth)));
    expect(() => nested(MAX_JSON_DEPTH + 1)).toThrow(expect.objectContaining({ code: "input_invalid", facts: { field: "body", limit: MAX_JSON_DEPTH } }));
    nested(MAX_JSON_DEPTH);
  });

  it("refuses groups in groups of a message without failing", async () => {
    const service = await startService();
    try {
      const p = party(service.url);
      for (const path of ["/v1/jobs", "/v1/datasets", "/v1/workers"]) {
        const groups = await sendSigned(service.url, p.key, { method: "POST", path, type: "application/x-protobuf", body: new Uint8Array(200_000).fill(0x7b) });
        expect([path, groups.status < 500, groups.status >= 400]).toEqual([path, true, true]);
      }
    } finally {
      await service.close();
    }
  });
});
