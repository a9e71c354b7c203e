import { lookup } from "node:dns/promises";
import { request as plainRequest, type IncomingMessage, type RequestOptions } from "node:http";
import { request as tlsRequest } from "node:https";
import { isIP, type LookupFunction } from "node:net";
import { concat, type Bytes } from "../protocol/bytes.js";
import { ensure, VeriteeError } from "../protocol/errors.js";
import { bare, type AllowList } from "./allow-list.js";

/** The addresses of a name. */
export type Resolve = (name: string) => Promise<readonly string[]>;

export interface OutboundCall {
  readonly url: URL;
  readonly method?: "GET" | "POST";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Bytes;
}

export interface OutboundLimits {
  readonly allow: AllowList;
  /** From the question for the name to the last byte of the answer. */
  readonly timeoutMs: number;
  /** Of the answer's body. */
  readonly maxBytes: number;
  readonly signal?: AbortSignal;
  readonly resolve?: Resolve;
}

export interface OutboundAnswer { readonly status: number; readonly body: Bytes; header(name: string): string | undefined }

const MAX_HEAD_BYTES = 32 * 1024;

const systemResolve: Resolve = async (name) => (await lookup(name, { all: true })).map(({ address }) => address);

/**
 * One request to an address that somebody else may have influenced. The name is looked up here, once; what it leads to is
 * checked; the connection goes to just that, whatever the name leads to a moment later. Redirects are answers like others.
 * @throws address_refused (not on the list, or leads to a private address), input_too_large (the answer), service_unavailable
 * (no connection, no answer in time, or one that broke off)
 */
export async function ask(call: OutboundCall, limits: OutboundLimits): Promise<OutboundAnswer> {
  limits.allow.check(call.url);
  const timeout = AbortSignal.timeout(limits.timeoutMs);
  const signal = limits.signal === undefined ? timeout : AbortSignal.any([timeout, limits.signal]);
  try {
    const response = await open(call, await addressesOf(call.url, limits, signal), signal);
    return await read(response, limits.maxBytes);
  } catch (cause) {
    if (cause instanceof VeriteeError) throw cause;
    throw new VeriteeError("service_unavailable", "no answer", { host: call.url.host, reason: timeout.aborted ? "timeout" : reasonOf(cause) }, { cause });
  }
}

/** Empty for a URL whose host is an address: the list has it as such. */
async function addressesOf({ hostname }: URL, { allow, resolve = systemResolve }: OutboundLimits, signal: AbortSignal): Promise<readonly string[]> {
  if (isIP(bare(hostname)) !== 0) return [];
  const addresses = await Promise.race([resolve(hostname), aborted(signal)]);
  allow.checkAddresses(addresses);
  return addresses;
}

function open({ url, method = "GET", headers = {}, body }: OutboundCall, addresses: readonly string[], signal: AbortSignal): Promise<IncomingMessage> {
  const options: RequestOptions = {
    method, signal, agent: false, maxHeaderSize: MAX_HEAD_BYTES, ...(addresses.length === 0 ? {} : { lookup: pinned(addresses) }),
    // Identity only: a compressed answer could grow without bound after it is counted.
    headers: { "accept-encoding": "identity", ...headers, ...(body === undefined ? {} : { "content-length": String(body.length) }) },
  };
  return new Promise((resolve, reject) => {
    const req = (url.protocol === "https:" ? tlsRequest : plainRequest)(url, options, resolve);
    req.on("error", reject);
    req.end(body);
  });
}

/** Answers every question for the name with what was checked. */
const pinned = (addresses: readonly string[]): LookupFunction => (_name, { all }, answer) => {
  const found = addresses.map((address) => ({ address, family: isIP(address) }));
  if (all === true) answer(null, found);
  else answer(null, found[0]?.address ?? "", found[0]?.family);
};

async function read(response: IncomingMessage, max: number): Promise<OutboundAnswer> {
  const parts: Bytes[] = [];
  let size = 0;
  // Leaving the loop early destroys the connection.
  for await (const part of response as AsyncIterable<Bytes>) {
    size += part.length;
    ensure(size <= max, "input_too_large", "the answer is too large", { limit: max });
    parts.push(part);
  }
  const { headers, statusCode = 0 } = response;
  return {
    status: statusCode, body: concat(...parts),
    header: (name) => {
      const value = headers[name.toLowerCase()];
      return typeof value === "string" ? value : value?.join(", ");
    },
  };
}

const aborted = (signal: AbortSignal): Promise<never> => new Promise((_, reject) => {
  if (signal.aborted) reject(signal.reason as Error);
  signal.addEventListener("abort", () => { reject(signal.reason as Error); }, { once: true });
});

function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return "unknown";
  return "code" in cause && typeof cause.code === "string" ? cause.code : cause.name;
}
