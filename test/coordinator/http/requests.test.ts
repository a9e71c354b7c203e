import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LOG_EVENTS, LOG_FIELDS } from "../../../src/coordinator/log.js";
import { MAX_BLOB_BYTES } from "../../../src/coordinator/blobs/blobs.js";
import { ROUTES } from "../../../src/coordinator/http/routes.js";
import { toHex, utf8 } from "../../../src/protocol/bytes.js";
import { fieldToBytes } from "../../../src/protocol/field.js";
import { isErrorCode } from "../../../src/protocol/errors.js";
import { blobIdOf, now, party, prepareCase, random, registerWorker, type Party, type WorkerParty } from "../harness/parties.js";
import { jsonBytes, send, sendSigned, signatureOf, type RawAnswer } from "../harness/raw.js";
import { startService, type Service } from "../harness/service.js";

let service: Service;
let p: Party;
let worker: WorkerParty;
beforeAll(async () => {
  service = await startService();
  p = party(service.url);
  worker = await registerWorker(service.url);
});
afterAll(() => service.close());

const isProblem = (answer: RawAnswer, status: number, code: string) => {
  expect(answer.headers["content-type"]).toBe("application/problem+json");
  expect(answer.json).toEqual({ type: `docs/errors.md#${code}`, title: expect.any(String), status, code, facts: expect.any(Object) });
  expect(answer.status).toBe(status);
};

describe("an unsigned or wrongly signed request", () => {
  it("is refused on every route but the public ones, whatever its body", async () => {
    for (const route of ROUTES) {
      const path = route.path.replaceAll(/\{\w+\}/g, "00".repeat(32));
      const answer = await send(service.url, { method: route.method.toUpperCase(), path });
      if (route.access === "public") expect(answer.status).toBe(200);
      else isProblem(answer, 401, "request_unauthenticated");
    }
  });

  it("is refused when sent again, also after a while and by many at once", async () => {
    const request = { path: "/v1/deployment" };
    const headers = signatureOf(service.url, p.key, request);
    const all = await Promise.all(Array.from({ length: 6 }, () => send(service.url, { ...request, headers })));
    expect(all.filter((a) => a.status === 200)).toHaveLength(1);
    isProblem(all.find((a) => a.status !== 200) as RawAnswer, 401, "request_replayed");
  });

  it("is refused when old, from the future or for another host", async () => {
    const request = { path: "/v1/deployment" };
    for (const at of [now() - 90, now() + 30]) isProblem(await send(service.url, { ...request, headers: signatureOf(service.url, p.key, request, at) }), 401, "request_expired");
    const headers = { ...signatureOf("http://other.test", p.key, request), host: "other.test" };
    isProblem(await send(service.url, { ...request, headers }), 401, "request_unauthenticated");
  });

  it("is refused when its body or its path was changed on the way", async () => {
    const body = random(50);
    const request = { method: "PUT", path: `/v1/blobs/${blobIdOf(body)}`, body, type: "application/octet-stream" };
    const headers = signatureOf(service.url, p.key, request);
    isProblem(await send(service.url, { ...request, headers, body: random(50) }), 401, "request_unauthenticated");
    isProblem(await send(service.url, { ...request, headers, path: `/v1/blobs/${blobIdOf(random(3))}` }), 401, "request_unauthenticated");
    isProblem(await send(service.url, { ...request, headers, path: `${request.path}?x=1` }), 401, "request_unauthenticated");
    // None of these used the nonce up: the honest request still goes through.
    expect((await send(service.url, { ...request, headers })).status).toBe(200);
  });
});

describe("a malformed request", () => {
  const signed = (request: Parameters<typeof sendSigned>[2]) => sendSigned(service.url, p.key, request);

  it("is refused with the field that is wrong", async () => {
    const answer = await signed({ method: "POST", path: `/v1/leaves/${"00".repeat(31)}`, body: jsonBytes({}), type: "application/json" });
    isProblem(answer, 400, "input_invalid");
    expect(answer.json["facts"]).toEqual({ field: "leaf" });
    const inbox = await signed({ path: "/v1/inbox?wait=999" });
    expect(inbox.json).toMatchObject({ code: "input_invalid", facts: { field: "wait" } });
    isProblem(await signed({ path: "/v1/inbox?wait=1&wait=2" }), 400, "input_invalid");
    isProblem(await signed({ path: "/v1/inbox?wait=1&other=2" }), 400, "input_invalid");
  });

  it("is refused when its fields only look like texts", async () => {
    const body = utf8('{"authority":"x","signature":{"length":{"toString":1,"valueOf":null}}}');
    const c = await prepareCase(service.url);
    const answer = await sendSigned(service.url, c.owner.key, { method: "POST", path: `/v1/leaves/${toHex(fieldToBytes(c.dataset.leaf))}`, body, type: "application/json" });
    isProblem(answer, 400, "input_invalid");
  });

  it("is refused for its size before it is read, declared or not, and for its encoding and type", async () => {
    const big = new Uint8Array(MAX_BLOB_BYTES + 1);
    const request = { method: "PUT", path: `/v1/blobs/${blobIdOf(big)}`, body: big, type: "application/octet-stream" };
    isProblem(await signed(request), 413, "input_too_large");
    isProblem(await signed({ ...request, chunked: true }), 413, "input_too_large");
    isProblem(await signed({ method: "POST", path: "/v1/jobs", body: random(10), type: "application/x-protobuf", headers: { "content-encoding": "gzip" } }), 400, "unsupported");
    isProblem(await signed({ method: "POST", path: "/v1/jobs", body: random(10), type: "text/plain" }), 400, "unsupported");
    isProblem(await signed({ method: "POST", path: "/v1/worker-challenges", body: random(10) }), 413, "input_too_large");
  });

  it("does not exist under another method, spelling or below a known path", async () => {
    for (const request of [{ path: "/v1/jobs" }, { path: "/v1/Deployment" }, { path: "/v1/deployment/" }, { path: "/v1/deployment/x" }, { path: "/" }, { method: "DELETE", path: "/v1/deployment" }]) {
      isProblem(await signed(request), 404, "not_found");
    }
  });

  it("never makes the service fail, whatever bytes come on whatever route", async () => {
    const routes = ROUTES.filter((r) => r.access !== "public");
    const piece = fc.oneof(fc.string({ minLength: 1, maxLength: 40, unit: "grapheme" }).map(encodeURIComponent), fc.constantFrom("00".repeat(32), "ff".repeat(32), "..", "%00", "%ff"));
    const body = fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.json().map(utf8), fc.constantFrom('{"__proto__":{}}', "[".repeat(5000), '{"a":1,"a":2}', "\ud800").map(utf8));
    await fc.assert(fc.asyncProperty(fc.constantFrom(...routes), piece, body, fc.boolean(), async (route, part, bytes, right) => {
      const path = route.path.replaceAll(/\{\w+\}/g, right ? "0f".repeat(32) : part).replace(/leases\/(0f){32}/, `leases/${"0f".repeat(16)}`) + (route.path.includes("inbox") || route.path.includes("leases") ? "?wait=0" : "");
      const type = route.body.mediaType;
      const answer = await sendSigned(service.url, right ? worker.key : p.key, {
        method: route.method.toUpperCase(), path, ...(type === undefined ? {} : { type, body: bytes }),
      }).catch((error: unknown) => { throw new Error(`${route.path}: ${String(error)}`); });
      expect(answer.status, `${route.name} ${answer.text}`).toBeLessThan(500);
      if (answer.status >= 400) expect(isErrorCode(String(answer.json["code"]))).toBe(true);
    }), { numRuns: 200, seed: 20261122 });
  });
});

describe("the log", () => {
  it("has allow-listed fields only, whatever was sent", () => {
    const allowed = new Set<string>([...LOG_FIELDS, "level", "time", "event"]);
    expect(service.log.lines.length).toBeGreaterThan(100);
    for (const line of service.log.lines) {
      expect(Object.keys(line).filter((k) => !allowed.has(k))).toEqual([]);
      expect(LOG_EVENTS).toContain(line["event"]);
      const route = line["route"];
      if (route !== undefined) expect([...ROUTES.map((r) => r.path), "unmatched"]).toContain(route);
    }
    expect(service.log.lines.filter((l) => l["event"] === "request_failed")).toEqual([]);
  });
});

describe("every answer", () => {
  it("carries the protective headers and no trace of the framework", async () => {
    const { headers } = await send(service.url, { path: "/healthz" });
    expect(headers["x-powered-by"]).toBeUndefined();
    expect(headers["x-content-type-options"]).toBe("nosniff");
    expect(headers["content-security-policy"]).toBeDefined();
    expect(headers["content-encoding"]).toBeUndefined();
  });
});
