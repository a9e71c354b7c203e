import { concat, type Bytes } from "../protocol/bytes.js";
import { ensure, VeriteeError } from "../protocol/errors.js";

/** How far a collateral service is trusted: not at all for content, which is signed; and bounded in time, size and address. */
export interface HttpLimits {
  /** Hosts (with port, where it is not the scheme's own) that may be asked. Nothing in an answer adds one. */
  readonly hosts: readonly string[];
  /** For one answer, from the first byte sent to the last received. */
  readonly timeoutMs: number;
  readonly maxBytes: number;
}

export interface Answer { readonly body: Bytes; header(name: string): string | undefined }

const MAX_HEADER_CHARACTERS = 16 * 1024;

/**
 * One GET. Undefined for 404: the service knows of no such thing.
 * @throws config_invalid (a host that is not allowed, or plain http to another machine), collateral_unavailable (no answer in
 * time, another status, a redirect), collateral_malformed (too large)
 */
export async function get(url: URL, limits: HttpLimits): Promise<Answer | undefined> {
  ensureAllowed(url, limits.hosts);
  const signal = AbortSignal.timeout(limits.timeoutMs);
  try {
    // Identity only: a compressed answer could grow without bound before it is counted. A redirect leads off the list.
    const response = await fetch(url, { redirect: "manual", signal, headers: { "accept-encoding": "identity" } });
    if (response.status !== 200) {
      await response.body?.cancel();
      if (response.status === 404) return undefined;
      throw unavailable(url, response.status >= 300 && response.status < 400 ? "a redirect, which is not followed" : `status ${response.status}`);
    }
    const body = await readBounded(response, limits.maxBytes, url);
    return { body, header: (name) => boundedHeader(response, name) };
  } catch (cause) {
    throw cause instanceof VeriteeError ? cause : unavailable(url, reasonOf(cause), cause);
  }
}

function ensureAllowed(url: URL, hosts: readonly string[]): void {
  const local = ["127.0.0.1", "localhost", "[::1]"].includes(url.hostname);
  const plain = url.protocol === "http:" && local;
  ensure(url.protocol === "https:" || plain, "config_invalid", "a collateral service is asked over https", { url: url.origin });
  ensure(hosts.includes(url.host), "config_invalid", "the host is not on the list of collateral services", { host: url.host, allowed: hosts.join(", ") });
}

async function readBounded(response: Response, max: number, url: URL): Promise<Bytes> {
  const parts: Bytes[] = [];
  let size = 0;
  for await (const part of response.body ?? []) {
    size += part.length;
    ensure(size <= max, "collateral_malformed", "the service's answer is too large", { host: url.host, path: url.pathname, limit: max });
    parts.push(part);
  }
  return concat(...parts);
}

function boundedHeader(response: Response, name: string): string | undefined {
  const value = response.headers.get(name) ?? undefined;
  ensure((value?.length ?? 0) <= MAX_HEADER_CHARACTERS, "collateral_malformed", "a header is too long", { name });
  return value;
}

const unavailable = (url: URL, reason: string, cause?: unknown): VeriteeError =>
  new VeriteeError("collateral_unavailable", "the collateral service does not answer", { host: url.host, path: url.pathname, reason }, { cause });

function reasonOf(cause: unknown): string {
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  if (!(inner instanceof Error)) return "unknown";
  return "code" in inner && typeof inner.code === "string" ? inner.code : inner.message;
}
