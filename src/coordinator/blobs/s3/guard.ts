import { Readable, Transform } from "node:stream";
import { BadAnswer, Refused } from "./patience.js";

/** Of the SDK's request and answer, what is looked at. */
export interface SentRequest { readonly protocol: string; readonly hostname: string; readonly port?: number | undefined }
export interface Answer { readonly response: { statusCode: number; body?: unknown } }
export interface Handler<R extends SentRequest, A extends Answer> { handle(request: R, options?: { readonly abortSignal?: unknown }): Promise<A> }

/** More than the largest blob, or a page of a thousand keys. */
const MAX_ANSWER_BYTES = 2 << 20;

/**
 * The last thing before the network and the first behind it: requests go to one host, or to a bucket's name below it, and
 * nowhere else; answers are bounded, in time too, whatever they are, and lead nowhere.
 */
export function guarded<R extends SentRequest, A extends Answer>(inner: Handler<R, A>, endpoint: URL): Handler<R, A>["handle"] {
  return async (request, options) => {
    const host = `${request.protocol}//${request.hostname}${request.port === undefined ? "" : `:${request.port}`}`;
    const { origin, protocol, host: own } = endpoint;
    const asked = URL.canParse(host) ? new URL(host).origin : "";
    if (asked !== origin && !(asked.startsWith(`${protocol}//`) && asked.endsWith(`.${own}`))) throw new Refused("a host that is not the endpoint");
    const answer = await inner.handle(request, options);
    const { statusCode, body } = answer.response;
    if (statusCode >= 300 && statusCode < 400 && statusCode !== 304) {
      if (body instanceof Readable) body.destroy();
      throw new Refused("an answer that leads elsewhere");
    }
    if (body instanceof Readable) answer.response.body = bounded(body, options?.abortSignal);
    return answer;
  };
}

function bounded(body: Readable, signal: unknown): Readable {
  let size = 0;
  const out = new Transform({
    transform(part: Uint8Array, _encoding, done) {
      size += part.length;
      done(size > MAX_ANSWER_BYTES ? new BadAnswer("an answer without end") : null, part);
    },
  });
  const stop = (): void => void out.destroy(new BadAnswer("no whole answer in time"));
  if (signal instanceof AbortSignal) {
    signal.addEventListener("abort", stop, { once: true });
    out.once("close", () => { signal.removeEventListener("abort", stop); });
  }
  // `pipe` tells of an end, not of a cut.
  body.once("error", (error) => out.destroy(error));
  body.once("close", () => { if (!body.readableEnded) out.destroy(new BadAnswer("an answer that was cut short")); });
  out.once("close", () => body.destroy());
  return body.pipe(out);
}
