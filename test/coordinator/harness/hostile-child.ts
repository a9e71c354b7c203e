// Run by hostile-load.test.ts in a process of its own: so many bad requests a second, slow heads, slow bodies and idle connections,
// all from one address. Its task comes on standard input, its count goes to standard output.
import { readFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { connect, type Socket } from "node:net";
import { signingKey, type SigningKey } from "../../../src/protocol/dsse.js";
import { random } from "./parties.js";
import { signatureOf } from "./raw.js";

interface Task { readonly url: string; readonly perSecond: number; readonly seconds: number; readonly localAddress: string; readonly slow: number; readonly idle: number }
const { url, perSecond, seconds, localAddress, slow, idle } = JSON.parse(readFileSync(0, "utf8")) as Task;
const { hostname, port } = new URL(url);
const agent = new Agent({ keepAlive: true, maxSockets: 300, localAddress });
const count: Record<string, number> = {};
const note = (what: string | number): void => void (count[what] = (count[what] ?? 0) + 1);

interface Bad { readonly method: string; readonly path: string; readonly headers?: Record<string, string>; readonly body?: Uint8Array }
const key = signingKey(random(32));
const other = signingKey(random(32));
const blob = random(100_000);
const proof = { method: "POST", path: `/v1/jobs/${"0f".repeat(32)}/leases/${"0f".repeat(16)}/completion`, type: "application/x-protobuf", body: blob };
const signed = (by: SigningKey, { type, ...rest }: typeof proof): Bad => ({ ...rest, headers: { "content-type": type, ...signatureOf(url, by, rest) } });
/** Signing costs a millisecond: some are used again, as somebody who replays would. */
const replayed = signed(key, proof);
const forged = (): Bad => ({ ...replayed, headers: { ...replayed.headers, ...pick(["signature", "signature-input"]) } });
const pick = (names: string[]): Record<string, string> => Object.fromEntries(Object.entries(signatureOf(url, other, proof)).filter(([name]) => name === names[Math.floor(Math.random() * names.length)]));

/** By share of a hundred. */
const KINDS: readonly (readonly [number, () => Bad])[] = [
  [25, () => ({ method: "POST", path: "/v1/jobs", body: blob.subarray(0, 2000) })],
  [15, () => ({ method: "GET", path: `/v1/${Buffer.from(random(9)).toString("hex")}` })],
  [15, () => ({ method: "PUT", path: `/v1/blobs/${"00".repeat(32)}`, headers: { "content-type": "application/octet-stream", "content-length": "99999999" } })],
  [20, () => replayed],
  [5, forged],
  [5, () => signed(key, proof)],
  [5, () => ({ method: "POST", path: "/v1/leaves/zz", headers: { "content-type": "application/json", signature: "x", "signature-input": "y=();z" }, body: blob.subarray(0, 500) })],
  [5, () => ({ method: "GET", path: "/healthz", headers: Object.fromEntries(Array.from({ length: 90 }, (_, i) => [`x-${i}`, "y".repeat(300)])) })],
  [5, () => ({ method: "DELETE", path: "/v1/jobs/../../etc/passwd" })],
];

function draw(): Bad {
  let at = Math.random() * 100;
  for (const [share, make] of KINDS) if ((at -= share) < 0) return make();
  return replayed;
}

function shoot(): void {
  const { method, path, headers = {}, body } = draw();
  note("sent");
  const req = request({ hostname, port, method, path, agent, headers: { ...headers, ...(body === undefined || headers["content-length"] !== undefined ? {} : { "content-length": String(body.length) }) } }, (res) => {
    note(res.statusCode ?? 0);
    res.resume();
  });
  req.on("error", () => { note("cut"); });
  req.end(body);
}

function slowOne(i: number): Socket {
  const socket = connect({ host: hostname, port: Number(port), localAddress }, () => {
    socket.write(i % 2 === 0 ? "GET /healthz HTTP/1.1\r\nhost: x\r\nx-slow: " : `PUT /v1/blobs/${"00".repeat(32)} HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n`);
  });
  const drip = setInterval(() => socket.write("x"), 1000);
  socket.on("error", () => undefined).on("close", () => {
    clearInterval(drip);
    if (performance.now() < until) setTimeout(() => slowOne(i), 500);
  });
  sockets.add(socket);
  return socket;
}

const sockets = new Set<Socket>();
const until = performance.now() + seconds * 1000;
for (let i = 0; i < slow; i++) slowOne(i);
for (let i = 0; i < idle; i++) sockets.add(connect({ host: hostname, port: Number(port), localAddress }).on("error", () => undefined));
let fired = 0;
const started = performance.now();
const timer = setInterval(() => {
  const due = Math.floor(((performance.now() - started) / 1000) * perSecond);
  for (; fired < due; fired++) shoot();
  if (performance.now() < until) return;
  clearInterval(timer);
  setTimeout(() => {
    process.stdout.write(JSON.stringify(count), () => { process.exit(0); });
  }, 2000);
}, 5);
