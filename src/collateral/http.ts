import { AllowList } from "../outbound/allow-list.js";
import { ask, type OutboundAnswer } from "../outbound/ask.js";
import type { Bytes } from "../protocol/bytes.js";
import { ensure, VeriteeError } from "../protocol/errors.js";

/** How far a collateral service is trusted: not at all for content, which is signed; and bounded in time, size and address. */
export interface HttpLimits {
  /** Hosts (with port, where it is not the scheme's own) that may be asked. Nothing in an answer adds one. */
  readonly hosts: readonly string[];
  /** Whether their names may lead to private addresses: a cache of the operator's own often is on one. */
  readonly anyAddress?: boolean;
  /** For one answer, from the question for the host's address to the last byte received. */
  readonly timeoutMs: number;
  readonly maxBytes: number;
}

export interface Answer { readonly body: Bytes; header(name: string): string | undefined }

const MAX_HEADER_CHARACTERS = 16 * 1024;

/**
 * One GET. Undefined for 404: the service knows of no such thing.
 * @throws config_invalid (a host that is not allowed, or plain http to another machine), address_refused (its name leads to a
 * private address), collateral_unavailable (no answer in time, another status, a redirect), collateral_malformed (too large)
 */
export async function get(url: URL, limits: HttpLimits): Promise<Answer | undefined> {
  ensureAllowed(url, limits.hosts);
  const { hosts, anyAddress = false, timeoutMs, maxBytes } = limits;
  const scheme = url.protocol === "http:" ? "http://" : "";
  const allow = new AllowList({ hosts: hosts.map((host) => `${scheme}${host}`), anyAddress });
  const answer = await ask({ url }, { allow, timeoutMs, maxBytes }).catch((cause: unknown) => { throw readable(url, limits, cause); });
  if (answer.status === 200) return { body: answer.body, header: (name) => boundedHeader(answer, name) };
  if (answer.status === 404) return undefined;
  throw unavailable(url, answer.status >= 300 && answer.status < 400 ? "a redirect, which is not followed" : `status ${answer.status}`);
}

function ensureAllowed(url: URL, hosts: readonly string[]): void {
  const local = ["127.0.0.1", "localhost", "[::1]"].includes(url.hostname);
  const plain = url.protocol === "http:" && local;
  ensure(url.protocol === "https:" || plain, "config_invalid", "a collateral service is asked over https", { url: url.origin });
  ensure(hosts.includes(url.host), "config_invalid", "the host is not on the list of collateral services", { host: url.host, allowed: hosts.join(", ") });
}

function boundedHeader(answer: OutboundAnswer, name: string): string | undefined {
  const value = answer.header(name);
  ensure((value?.length ?? 0) <= MAX_HEADER_CHARACTERS, "collateral_malformed", "a header is too long", { name });
  return value;
}

const unavailable = (url: URL, reason: string, cause?: unknown): VeriteeError =>
  new VeriteeError("collateral_unavailable", "the collateral service does not answer", { host: url.host, path: url.pathname, reason }, { cause });

function readable(url: URL, { maxBytes }: HttpLimits, cause: unknown): unknown {
  if (!(cause instanceof VeriteeError)) return cause;
  if (cause.code === "service_unavailable") return unavailable(url, String(cause.facts["reason"]), cause);
  if (cause.code !== "input_too_large") return cause;
  return new VeriteeError("collateral_malformed", "the service's answer is too large", { host: url.host, path: url.pathname, limit: maxBytes }, { cause });
}
