import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { VeriteeError } from "../../src/protocol/errors.js";
import { signingKey } from "../../src/protocol/dsse.js";
import { CoordinatorClient } from "../../src/transport/client.js";
import type { HttpOptions } from "../../src/transport/http-call.js";
import { errorOfProblem, problemOf } from "../../src/transport/problem.js";

const key = signingKey(new Uint8Array(32).fill(7));
const ID = "0f".repeat(32) as never;
const VIEW = { id: ID, state: "running", attempt: 1, createdAt: 1, updatedAt: 2 };
let server: Server | undefined;
afterEach(() => { server?.closeAllConnections(); server?.close(); });

/** A service that answers as a test likes: the n-th request gets the n-th handler, the last one again and again. */
async function hostile(handlers: ((req: IncomingMessage, res: ServerResponse) => void)[], options: Partial<HttpOptions> = {}) {
  let count = 0;
  const nonces: string[] = [];
  server = createServer((req, res) => {
    nonces.push(/nonce="(\w+)"/.exec(String(req.headers["signature-input"]))?.[1] ?? "");
    handlers[Math.min(count++, handlers.length - 1)]?.(req, res);
  });
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { client: new CoordinatorClient({ url, key, ...options }), nonces, count: () => count };
}
const json = (value: unknown, status = 200) => (_: IncomingMessage, res: ServerResponse) => res.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
const cut = (req: IncomingMessage) => { req.socket.destroy(); };

describe("CoordinatorClient", () => {
  it("turns problem details into the error they stand for, and what has no known code into internal", async () => {
    const known = problemOf(new VeriteeError("lease_lost", "not yours", { attempt: 2 }));
    await expect((await hostile([json(known, 409)])).client.job(ID)).rejects.toMatchObject({ code: "lease_lost", message: "not yours", facts: { attempt: 2 } });
    for (const odd of [{ ...known, code: "no_such_code" }, { code: 5 }, [], "text", null, { ...known, code: "__proto__" }]) {
      await expect((await hostile([json(odd, 418)])).client.job(ID)).rejects.toMatchObject({ code: "internal" });
    }
  });

  it("signs every try anew and tries idempotent calls again when the connection breaks", async () => {
    const service = await hostile([cut, cut, json(VIEW)]);
    expect(await service.client.job(ID)).toMatchObject({ state: "running" });
    expect(service.count()).toBe(3);
    expect(new Set(service.nonces).size).toBe(3);
  });

  it("sends a request for a lease once only, and does not repeat what the service refused", async () => {
    const cutting = await hostile([cut]);
    await expect(cutting.client.lease(0)).rejects.toMatchObject({ code: "service_unavailable" });
    expect(cutting.count()).toBe(1);
    const refusing = await hostile([json(problemOf(new VeriteeError("store_failed", "x")), 503)]);
    await expect(refusing.client.job(ID)).rejects.toMatchObject({ code: "store_failed" });
    expect(refusing.count()).toBe(1);
  });

  it("gives up on a service that does not answer, in its own time or the caller's", async () => {
    const { client } = await hostile([() => undefined], { timeoutMs: 200, tries: 2 });
    await expect(client.job(ID)).rejects.toMatchObject({ code: "service_unavailable" });
    await expect(client.brokerInbox(60, AbortSignal.timeout(100))).rejects.toMatchObject({ code: "service_unavailable" });
  });

  it("reads no more than it must of an answer without end", async () => {
    const endless = (_: IncomingMessage, res: ServerResponse) => {
      const chunk = Buffer.alloc(65536);
      const more = (): void => { while (!res.destroyed && res.write(chunk)); };
      res.on("drain", more);
      more();
    };
    await expect((await hostile([endless])).client.job(ID)).rejects.toMatchObject({ code: "input_too_large" });
  });

  it("carries no signed request to where it is redirected", async () => {
    const elsewhere = (_: IncomingMessage, res: ServerResponse) => res.writeHead(307, { location: "/other" }).end();
    const service = await hostile([elsewhere, json(VIEW)], { tries: 1 });
    await expect(service.client.job(ID)).rejects.toMatchObject({ code: "service_unavailable" });
    expect(service.count()).toBe(1);
  });

  it("refuses answers that are not what was asked for", async () => {
    await expect((await hostile([(_, res) => res.end("other bytes")])).client.getBlob(ID)).rejects.toMatchObject({ code: "commitment_mismatch" });
    for (const odd of [{}, { ...VIEW, state: "finished" }, { ...VIEW, attempt: "1" }, [], 5]) {
      await expect((await hostile([json(odd)])).client.job(ID)).rejects.toMatchObject({ code: "internal" });
    }
    await expect((await hostile([(_, res) => res.end(Buffer.from([255, 255]))])).client.brokerInbox(0)).rejects.toMatchObject({ code: "internal" });
    await expect((await hostile([json({ ...VIEW, id: "../x" })])).client.job(ID)).rejects.toBeInstanceOf(VeriteeError);
  });

  it("opens a broken event stream again and ends with the final state", async () => {
    const begin = (state: string, close: boolean) => (_: IncomingMessage, res: ServerResponse) => {
      res.writeHead(200, { "content-type": "text/event-stream" }).write(`: hello\n\ndata: ${JSON.stringify({ ...VIEW, state })}\n\n`);
      if (close) setTimeout(() => res.destroy(), 50);
    };
    const service = await hostile([begin("running", true), cut, begin("done", false)]);
    const states: string[] = [];
    for await (const view of service.client.jobEvents(ID)) states.push(view.state);
    expect(states).toEqual(["running", "done"]);
  });

  it("ends an event stream at the service's refusal and at the caller's wish", async () => {
    const refusing = await hostile([json(problemOf(new VeriteeError("not_found", "x")), 404)]);
    await expect(refusing.client.jobEvents(ID).next()).rejects.toMatchObject({ code: "not_found" });
    const silent = await hostile([(_, res) => { res.writeHead(200).flushHeaders(); }]);
    expect(await silent.client.jobEvents(ID, AbortSignal.timeout(100)).next()).toMatchObject({ done: true });
  });

  it("refuses an address that is not http or https", () => {
    for (const url of ["ftp://x", "file:///etc/passwd", "nonsense"]) expect(() => new CoordinatorClient({ url, key })).toThrow(expect.objectContaining({ code: "config_invalid" }));
  });
});

describe("problemOf", () => {
  it("keeps a service's own troubles, and what exists, to itself", () => {
    for (const code of ["not_found", "internal", "store_failed", "chain_refused", "storage_full"] as const) {
      const problem = problemOf(new VeriteeError(code, "secret words", { secret: 1 }));
      expect(JSON.stringify(problem)).not.toContain("secret");
      expect(errorOfProblem(problem.status, problem).code).toBe(code);
    }
    expect(problemOf(new VeriteeError("grant_expired", "it is over", { notAfter: 5n })).facts).toEqual({ notAfter: "5" });
  });
});
