// An S3 server for tests, strict where s3rver is not: signatures, the body's hash, conditional writes. It fails on purpose.
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { pipeline } from "node:stream/promises";

export interface Stored { bytes: Buffer; writtenAt: Date }
export type Verb = "GET" | "PUT" | "HEAD" | "DELETE" | "LIST";

/** What goes wrong with one request. */
export type Fault =
  | "slow-down" | "internal" | "not-implemented" | "conflict" | "quota" | "insufficient-storage" // answers with a status
  | "lost-answer" // done, and the connection cut before the answer
  | "cut" // the connection cut in the middle of the body
  | "short" | "longer" | "flipped" // other bytes, under a length that agrees
  | "wrong-length" // a length that the body does not have
  | "endless" | "endless-error" | "hang" | "hang-in-body" | "garbage"
  | "stored-flipped" // keeps other bytes than it was given
  | { readonly redirect: string; readonly status: number };

const ACCESS_KEY = "AKIDSTRICT";
const SECRET_KEY = "a secret of the strict server";
export const STRICT_CREDENTIALS = { AWS_ACCESS_KEY_ID: ACCESS_KEY, AWS_SECRET_ACCESS_KEY: SECRET_KEY };

export class StrictS3 {
  readonly objects = new Map<string, Stored>();
  /** Every request that came with a good signature. */
  readonly seen: { readonly verb: Verb; readonly key: string }[] = [];
  /** Taken one by one by the next requests of these verbs. */
  readonly faults: { readonly verbs: readonly Verb[]; readonly fault: Fault }[] = [];
  /** Whether a SHA-256 that came along is checked and answered, as newer servers do. */
  confirms = false;
  pageKeys = 2;
  readonly bucket: string;
  #server: Server;

  private constructor(bucket: string) {
    this.bucket = bucket;
    this.#server = createServer((req, res) => {
      this.#serve(req, res).catch(() => { res.destroy(); });
    });
  }

  static async start(bucket = "veritee"): Promise<StrictS3> {
    const s3 = new StrictS3(bucket);
    s3.#server.listen(0, "127.0.0.1");
    await once(s3.#server, "listening");
    return s3;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  failNext(fault: Fault, verbs: readonly Verb[], times = 1): void {
    this.faults.push(...Array.from({ length: times }, () => ({ verbs, fault })));
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  async #serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const url = new URL(req.url ?? "/", "http://strict");
    const body = Buffer.concat(await req.toArray() as Buffer[]);
    const refused = checkSignature(req, url, body);
    if (refused !== undefined) return refuse(res, 403, refused);
    const [bucket, ...rest] = decodeURIComponent(url.pathname.slice(1)).split("/");
    if (bucket !== this.bucket) return refuse(res, 404, "NoSuchBucket");
    const key = rest.join("/");
    const verb = (key === "" ? "LIST" : req.method) as Verb;
    this.seen.push({ verb, key });
    const fault = this.#takeFault(verb);
    if (await answeredInstead(req, res, fault)) return;
    if (verb === "LIST") return this.#list(url, res);
    if (verb === "PUT") return this.#put(req, res, key, body, fault);
    if (verb === "DELETE") {
      this.objects.delete(key);
      res.writeHead(204).end();
      return;
    }
    const stored = this.objects.get(key);
    if (stored === undefined) return verb === "HEAD" ? void res.writeHead(404).end() : refuse(res, 404, "NoSuchKey");
    if (verb === "HEAD") return void res.writeHead(200, { "content-length": stored.bytes.length }).end();
    return give(res, stored.bytes, fault);
  }

  #takeFault(verb: Verb): Fault | undefined {
    const at = this.faults.findIndex((f) => f.verbs.includes(verb));
    return at < 0 ? undefined : this.faults.splice(at, 1)[0]?.fault;
  }

  #put(req: IncomingMessage, res: ServerResponse, key: string, body: Buffer, fault: Fault | undefined): void {
    if (req.headers["if-none-match"] === "*" && this.objects.has(key)) return refuse(res, 412, "PreconditionFailed");
    const claimed = req.headers["x-amz-checksum-sha256"];
    if (this.confirms && claimed !== undefined && claimed !== createHash("sha256").update(body).digest("base64")) return refuse(res, 400, "BadDigest");
    this.objects.set(key, { bytes: fault === "stored-flipped" ? flipped(body) : body, writtenAt: new Date() });
    if (fault === "lost-answer") return void res.destroy();
    res.writeHead(200, this.confirms && typeof claimed === "string" ? { "x-amz-checksum-sha256": claimed } : {}).end();
  }

  #list(url: URL, res: ServerResponse): void {
    const [prefix, after] = [url.searchParams.get("prefix") ?? "", url.searchParams.get("start-after") ?? ""];
    const keys = [...this.objects.keys()].filter((k) => k.startsWith(prefix) && k > after).sort();
    const page = keys.slice(0, this.pageKeys);
    const contents = page.map((key) => {
      const { bytes, writtenAt } = this.objects.get(key) as Stored;
      return `<Contents><Key>${key}</Key><LastModified>${writtenAt.toISOString()}</LastModified><Size>${bytes.length}</Size></Contents>`;
    });
    res.writeHead(200, { "content-type": "application/xml" })
      .end(`<?xml version="1.0"?><ListBucketResult><IsTruncated>${keys.length > page.length}</IsTruncated>${contents.join("")}</ListBucketResult>`);
  }
}

const flipped = (bytes: Buffer): Buffer => Buffer.from(bytes.map((b, i) => (i === bytes.length >> 1 ? b ^ 1 : b)));

function refuse(res: ServerResponse, status: number, code: string): void {
  res.writeHead(status, { "content-type": "application/xml" }).end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>no</Message></Error>`);
}

const STATUS: Partial<Record<string, readonly [number, string]>> = {
  "slow-down": [503, "SlowDown"], internal: [500, "InternalError"], "not-implemented": [501, "NotImplemented"], conflict: [409, "ConditionalRequestConflict"],
  quota: [403, "QuotaExceeded"], "insufficient-storage": [507, "InsufficientStorage"],
};

/** Faults that come in the place of any answer. */
async function answeredInstead(req: IncomingMessage, res: ServerResponse, fault: Fault | undefined): Promise<boolean> {
  if (typeof fault === "object") return res.writeHead(fault.status, { location: `${fault.redirect}${req.url}` }).end() !== undefined;
  const status = fault === undefined ? undefined : STATUS[fault];
  if (status !== undefined) refuse(res, ...status);
  else if (fault === "garbage") res.writeHead(500).end("<<<not xml & not html\0");
  else if (fault === "endless-error") await pourOut(res.writeHead(500, { "content-type": "application/xml" }));
  else if (fault !== "hang") return false;
  return true;
}

async function give(res: ServerResponse, bytes: Buffer, fault: Fault | undefined): Promise<void> {
  const half = bytes.subarray(0, bytes.length >> 1);
  const sent = fault === "short" ? half : fault === "longer" ? Buffer.concat([bytes, half]) : fault === "flipped" ? flipped(bytes) : bytes;
  if (fault === "endless") return pourOut(res.writeHead(200));
  res.writeHead(200, { "content-length": fault === "wrong-length" ? bytes.length + 10 : sent.length });
  if (fault !== "cut" && fault !== "hang-in-body") return void res.end(sent, () => { if (fault === "wrong-length") res.destroy(); });
  res.write(half);
  if (fault === "cut") setTimeout(() => { res.destroy(); }, 5);
}

/** Until the other side has had enough. */
async function pourOut(res: ServerResponse): Promise<void> {
  const part = Buffer.alloc(1 << 16, "x");
  await pipeline(function* () { for (;;) yield part; }, res).catch(() => undefined);
}

const hex = (data: string | Buffer): string => createHash("sha256").update(data).digest("hex");
const hmac = (key: string | Buffer, data: string): Buffer => createHmac("sha256", key).update(data).digest();
const encode = (text: string): string => encodeURIComponent(text).replaceAll(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

/** AWS Signature Version 4, in the Authorization header. Answers the code to refuse with, undefined when all is well. */
function checkSignature(req: IncomingMessage, url: URL, body: Buffer): string | undefined {
  const match = /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/.exec(req.headers.authorization ?? "");
  if (match === null) return "AccessDenied";
  const [, accessKey, day, region, signedNames, signature] = match as unknown as [string, string, string, string, string, string];
  if (accessKey !== ACCESS_KEY) return "InvalidAccessKeyId";
  const names = signedNames.split(";");
  if (!["host", "x-amz-content-sha256", "x-amz-date"].every((name) => names.includes(name))) return "AccessDenied";
  const time = String(req.headers["x-amz-date"]);
  const at = Date.parse(time.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z"));
  if (!time.startsWith(day) || !(Math.abs(Date.now() - at) < 15 * 60_000)) return "RequestTimeTooSkewed";
  const bodyHash = String(req.headers["x-amz-content-sha256"]);
  // Neither unsigned nor streamed bodies: what is stored is what was signed.
  if (bodyHash !== hex(body)) return "XAmzContentSHA256Mismatch";
  const query = [...url.searchParams].map(([k, v]) => `${encode(k)}=${encode(v)}`).sort().join("&");
  const headers = names.map((name) => `${name}:${String(req.headers[name] ?? "").trim().replaceAll(/ +/g, " ")}\n`).join("");
  const canonical = [req.method, url.pathname, query, headers, signedNames, bodyHash].join("\n");
  const scope = `${day}/${region}/s3/aws4_request`;
  const key = hmac(hmac(hmac(hmac(`AWS4${SECRET_KEY}`, day), region), "s3"), "aws4_request");
  const wanted = hmac(key, ["AWS4-HMAC-SHA256", time, scope, hex(canonical)].join("\n"));
  return timingSafeEqual(wanted, Buffer.from(signature, "hex")) ? undefined : "SignatureDoesNotMatch";
}
