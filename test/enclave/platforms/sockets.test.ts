// dstack and Confidential Space: the real collectors and the real HTTP client against servers on Unix sockets.
import { createHash } from "node:crypto";
import type { ServerResponse } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { httpWithin, nodeHttp } from "../../../enclave/platforms/adapters/http.js";
import { ConfidentialSpaceCollector } from "../../../enclave/platforms/confidential-space.js";
import { DstackCollector } from "../../../enclave/platforms/dstack.js";
import type { Http } from "../../../enclave/platforms/ports.js";
import { toHex, type Bytes } from "../../../src/protocol/bytes.js";
import { nitroDocument, noPause, REPORT_DATA, snpReport, systemError, tdxQuote } from "./harness/shapes.js";
import { serveSocket, type Answer, type SocketServer } from "./harness/socket-server.js";

let server: SocketServer | undefined;
afterEach(() => server?.close());

const dstack = async (answer: Answer): Promise<DstackCollector> => new DstackCollector(nodeHttp, noPause, (server = await serveSocket(answer)).socket);
const space = async (answer: Answer): Promise<ConfidentialSpaceCollector> =>
  new ConfidentialSpaceCollector(nodeHttp, noPause, (server = await serveSocket(answer)).socket);
const quote = (make: (data: Bytes) => Bytes, prefix = ""): Answer => ({ body }, response) => {
  const data = Uint8Array.from(Buffer.from((body as { report_data: string }).report_data, "hex"));
  response.end(JSON.stringify({ quote: prefix + toHex(make(data)), event_log: "[]", vm_config: "{}" }));
};

describe("dstack's agent", () => {
  it.each([["tdx", tdxQuote], ["snp", snpReport], ["nitro", nitroDocument]] as const)("gives %s evidence, told apart by its format", async (platform, make) => {
    const collector = await dstack(quote(make));
    expect(await collector.collect(REPORT_DATA)).toEqual({ platform, evidence: Uint8Array.from(make(REPORT_DATA)), collateral: new Uint8Array() });
    expect(server?.asked).toEqual([{ method: "POST", path: "/GetQuote", host: "dstack", body: { report_data: toHex(REPORT_DATA) } }]);
  });

  it("may write its hex with 0x, and a Nitro document with its tag", async () => {
    const collector = await dstack(quote((data) => Uint8Array.from([0xd2, ...nitroDocument(data)]), "0x"));
    expect((await collector.collect(REPORT_DATA)).platform).toBe("nitro");
  });

  it.each<[string, Answer, string]>([
    ["a refusal", (_, r) => void r.writeHead(500).end("no"), "service_unavailable"],
    ["what is not JSON", (_, r) => void r.end("quote"), "evidence_malformed"],
    ["a JSON list", (_, r) => void r.end("[]"), "evidence_malformed"],
    ["an answer without a quote", (_, r) => void r.end(JSON.stringify({ event_log: "[]" })), "evidence_malformed"],
    ["odd hex", (_, r) => void r.end(JSON.stringify({ quote: "04000" })), "evidence_malformed"],
    ["a quote of no known format", quote(() => new Uint8Array(500).fill(9)), "evidence_malformed"],
    ["a quote for other report data", quote(() => tdxQuote(new Uint8Array(64))), "evidence_malformed"],
    ["a quote over the bound", quote((data) => tdxQuote(data, 20_000)), "evidence_malformed"],
    ["an answer without end", (_, r) => { for (let i = 0; i < 40; i++) r.write(Buffer.alloc(1 << 16, 32)); r.end(); }, "evidence_malformed"],
    ["an answer cut short", (_, r) => { r.writeHead(200, { "content-length": 9999 }); r.write("{", () => r.destroy()); }, "service_unavailable"],
  ])("is refused when it gives %s", async (_what, answer, code) => {
    const collector = await dstack(answer);
    await expect(collector.collect(REPORT_DATA)).rejects.toMatchObject({ code });
  });

  it("is not here when nobody listens", async () => {
    await expect(new DstackCollector(nodeHttp, noPause, "/nowhere/dstack.sock").collect(REPORT_DATA)).rejects.toMatchObject({ code: "unsupported" });
  });

  it("is given up when it answers drop by drop", async () => {
    const drops = (response: ServerResponse): void => void (response.destroyed || response.write(" ", () => void setTimeout(() => drops(response), 20)));
    server = await serveSocket((_, response) => drops(response));
    const collector = new DstackCollector(httpWithin(200), noPause, server.socket);
    await expect(collector.collect(REPORT_DATA)).rejects.toMatchObject({ code: "service_unavailable" });
  });

  it("is asked again after EINTR and EBUSY, six times at most", async () => {
    let calls = 0;
    const failing = (times: number): Http => ({
      send: async () => {
        if (calls++ < times) throw systemError(calls % 2 === 0 ? "EINTR" : "EBUSY");
        return { status: 200, body: Buffer.from(JSON.stringify({ quote: toHex(tdxQuote(REPORT_DATA)) })) };
      },
    });
    expect((await new DstackCollector(failing(5), noPause).collect(REPORT_DATA)).platform).toBe("tdx");
    calls = 0;
    await expect(new DstackCollector(failing(99), noPause).collect(REPORT_DATA)).rejects.toMatchObject({ code: "service_unavailable" });
    expect(calls).toBe(6);
  });
});

describe("the launcher of Confidential Space", () => {
  const jwt = (claims: object): string => ["{}", JSON.stringify(claims), "signature"].map((part) => Buffer.from(part).toString("base64url")).join(".");
  const nonce = createHash("sha256").update(REPORT_DATA).digest("hex");

  it("gives a token over the hash of the report data, as 64 bytes of text are a nonce's limit", async () => {
    const collector = await space(({ body }, r) => void r.end(`${jwt({ eat_nonce: (body as { nonces: string[] }).nonces[0] })}\n`));
    const { platform, evidence } = await collector.collect(REPORT_DATA);
    expect({ platform, evidence: Buffer.from(evidence).toString() }).toEqual({ platform: "confidential-space", evidence: jwt({ eat_nonce: nonce }) });
    expect(server?.asked).toMatchObject([{ method: "POST", path: "/v1/token", body: { audience: "veritee", token_type: "OIDC", nonces: [nonce] } }]);
  });

  it.each<[string, Answer, string]>([
    ["a refusal", (_, r) => void r.writeHead(403).end(), "service_unavailable"],
    ["what is not a token", (_, r) => void r.end("token"), "evidence_malformed"],
    ["a token with another nonce", (_, r) => void r.end(jwt({ eat_nonce: "0".repeat(64) })), "evidence_malformed"],
    ["a token over the bound", (_, r) => void r.end(jwt({ eat_nonce: nonce, padding: "x".repeat(20_000) })), "evidence_malformed"],
  ])("is refused when it gives %s", async (_what, answer, code) => {
    const collector = await space(answer);
    await expect(collector.collect(REPORT_DATA)).rejects.toMatchObject({ code });
  });

  it("is not here when nobody listens", async () => {
    await expect(new ConfidentialSpaceCollector(nodeHttp, noPause, "/nowhere/s").collect(REPORT_DATA)).rejects.toMatchObject({ code: "unsupported" });
  });
});
