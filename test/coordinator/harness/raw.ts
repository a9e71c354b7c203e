import { request } from "node:http";
import { utf8, type Bytes } from "../../../src/protocol/bytes.js";
import type { SigningKey } from "../../../src/protocol/dsse.js";
import { signRequest } from "../../../src/transport/http-signature.js";
import { now, random } from "./parties.js";

export interface RawAnswer { readonly status: number; readonly headers: Readonly<Record<string, unknown>>; readonly text: string; readonly json: Record<string, unknown> }
export interface RawRequest { readonly method?: string; readonly path: string; readonly body?: Bytes; readonly type?: string; readonly headers?: Record<string, string>; readonly chunked?: boolean }

/** A request as it is, so that a test may send what no client would. */
export function send(url: string, { method = "GET", path, body = new Uint8Array(), type, headers = {}, chunked = false }: RawRequest): Promise<RawAnswer> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const all = { ...(type === undefined ? {} : { "content-type": type }), ...(body.length > 0 && !chunked ? { "content-length": String(body.length) } : {}), ...headers };
    const req = request({ hostname, port, path, method, headers: all, agent: false }, (res) => {
      const parts: Bytes[] = [];
      res.on("data", (part: Bytes) => parts.push(part));
      res.on("end", () => {
        const text = Buffer.concat(parts).toString();
        resolve({ status: res.statusCode ?? 0, headers: res.headers, text, json: parse(text) });
      });
      res.on("error", reject);
    });
    req.on("error", reject);
    req.end(body);
  });
}

/** The fields that a request signed by this key would have. */
export function signatureOf(url: string, key: SigningKey, { method = "GET", path, body = new Uint8Array() }: RawRequest, at = now()): Record<string, string> {
  return signRequest({ method, url: new URL(path, url), body }, key, { now: at, nonce: random(16) });
}

export const sendSigned = (url: string, key: SigningKey, request: RawRequest): Promise<RawAnswer> =>
  send(url, { ...request, headers: { ...signatureOf(url, key, request), ...request.headers } });

function parse(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return {};
  }
}
export const jsonBytes = (value: unknown): Bytes => utf8(JSON.stringify(value));
