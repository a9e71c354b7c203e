import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { concat, type Bytes } from "../protocol/bytes.js";
import type { SigningKey } from "../protocol/dsse.js";
import { ensure, VeriteeError } from "../protocol/errors.js";
import { signRequest } from "./http-signature.js";
import { errorOfProblem } from "./problem.js";

// The platform's own fetch, not the undici package: this folder is in the enclave's measured set, a job makes some fifty
// requests, and fetch brings keep-alive without a package.

export interface HttpOptions {
  /** Origin of the service, e.g. http://127.0.0.1:8080. */
  readonly url: string;
  readonly key: SigningKey;
  /** Unix seconds; the default is this machine's clock. */
  readonly now?: () => number;
  /** How long an answer may take beyond what the call itself waits for. Default 30 s. */
  readonly timeoutMs?: number;
  /** Tries of an idempotent call whose connection fails, or which the service puts off. Default 4. */
  readonly tries?: number;
}

export interface Call {
  readonly method: "GET" | "PUT" | "POST";
  /** Starts with a slash; parts that are not fixed are hex, so nothing needs escaping. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number>>;
  readonly body?: Bytes;
  readonly contentType?: string;
  /** Most bytes that are read of an answer. Default 1 MiB. */
  readonly maxBytes?: number;
  /** Seconds that the service may hold the answer back. */
  readonly waitSeconds?: number;
  /** False for the one call that must not be sent twice. */
  readonly idempotent?: boolean;
  readonly signal?: AbortSignal | undefined;
}

export interface Answer { readonly status: number; readonly body: Bytes }

const DEFAULT_MAX_BYTES = 1 << 20;
const FIRST_PAUSE_MS = 100;
const MAX_PAUSE_SECONDS = 5;

/** Signed calls to one service. */
export class HttpCaller {
  readonly #options: HttpOptions;
  readonly #origin: URL;

  constructor(options: HttpOptions) {
    this.#options = options;
    this.#origin = parseOrigin(options.url);
  }

  /** @throws the service's error; service_unavailable when it cannot be reached; internal when it answers nonsense */
  async send(call: Call): Promise<Answer> {
    const timeout = AbortSignal.timeout((this.#options.timeoutMs ?? 30_000) + (call.waitSeconds ?? 0) * 1000);
    const signal = call.signal === undefined ? timeout : AbortSignal.any([timeout, call.signal]);
    const response = await this.#connect(call, signal);
    const body = await readBounded(response, call.maxBytes ?? DEFAULT_MAX_BYTES).catch((cause: unknown) => { throw unreachable(cause); });
    if (response.status >= 200 && response.status < 300) return { status: response.status, body };
    throw errorOfProblem(response.status, parseJson(body));
  }

  /** Opens a stream: the answer's body as it comes. */
  async stream(call: Call): Promise<ReadableStream<Uint8Array>> {
    const response = await this.#connect(call, call.signal);
    if (response.status === 200 && response.body !== null) return response.body;
    throw errorOfProblem(response.status, parseJson(await readBounded(response, DEFAULT_MAX_BYTES)));
  }

  /** Every try is signed anew: a nonce is used once. */
  async #connect(call: Call, signal: AbortSignal | undefined): Promise<Response> {
    const tries = call.idempotent === false ? 1 : this.#options.tries ?? 4;
    for (let attempt = 1; ; attempt++) {
      try {
        const response = await this.#once(call, signal);
        const pauseMs = attempt < tries ? pauseOf(response) : undefined;
        if (pauseMs === undefined) return response;
        await response.body?.cancel();
        await sleep(pauseMs, undefined, { signal });
      } catch (cause) {
        if (attempt >= tries || signal?.aborted === true) throw unreachable(cause);
        await sleep(FIRST_PAUSE_MS * 2 ** attempt * (0.5 + Math.random() / 2), undefined, { signal }).catch((aborted: unknown) => { throw unreachable(aborted); });
      }
    }
  }

  async #once(call: Call, signal: AbortSignal | undefined): Promise<Response> {
    const url = new URL(call.path, this.#origin);
    for (const [name, value] of Object.entries(call.query ?? {})) url.searchParams.set(name, String(value));
    const body = call.body ?? new Uint8Array();
    const now = this.#options.now?.() ?? Math.floor(Date.now() / 1000);
    const signature = signRequest({ method: call.method, url, body }, this.#options.key, { now, nonce: Uint8Array.from(randomBytes(16)) });
    return fetch(url, {
      method: call.method,
      // Identity only: a compressed answer could grow without bound before it is counted.
      headers: { ...signature, "accept-encoding": "identity", ...(call.contentType === undefined ? {} : { "content-type": call.contentType }) },
      body: call.method === "GET" ? null : Uint8Array.from(body),
      // A redirect would carry a signed request to somebody else.
      redirect: "error",
      signal: signal ?? null,
    });
  }
}

/** Milliseconds after which a service that has too much to do wants to be asked again; undefined when that is too long to wait. */
function pauseOf({ status, headers }: Response): number | undefined {
  const seconds = Number(headers.get("retry-after") ?? Number.NaN);
  if ((status !== 429 && status !== 503) || !(seconds >= 0 && seconds <= MAX_PAUSE_SECONDS)) return undefined;
  return 1000 * seconds * (1 + Math.random() / 2);
}

function parseOrigin(text: string): URL {
  const url = tryUrl(text);
  ensure(url !== undefined && (url.protocol === "http:" || url.protocol === "https:"), "config_invalid", "not an http or https URL", { url: text.slice(0, 200) });
  return url;
}

function tryUrl(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}

async function readBounded(response: Response, max: number): Promise<Bytes> {
  if (response.body === null) return new Uint8Array();
  const parts: Bytes[] = [];
  let size = 0;
  for await (const part of response.body) {
    size += part.length;
    ensure(size <= max, "input_too_large", "the answer is too large", { max });
    parts.push(part);
  }
  return concat(...parts);
}

function parseJson(body: Bytes): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body));
  } catch {
    return undefined;
  }
}

function unreachable(cause: unknown): VeriteeError {
  if (cause instanceof VeriteeError) return cause;
  return new VeriteeError("service_unavailable", "the service cannot be reached", { reason: reasonOf(cause) }, { cause });
}

function reasonOf(cause: unknown): string {
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  if (inner instanceof Error) return "code" in inner && typeof inner.code === "string" ? inner.code : inner.name;
  return "unknown";
}
