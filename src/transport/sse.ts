import { ensure } from "../protocol/errors.js";

const MAX_EVENT_CHARS = 64 * 1024;

/** The `data` of each event of a text/event-stream (WHATWG HTML 9.2), for streams that name no other field. */
export async function* readEvents(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let pending = "";
  for await (const part of stream) {
    pending += decoder.decode(part, { stream: true });
    for (let end = pending.indexOf("\n\n"); end >= 0; end = pending.indexOf("\n\n")) {
      const data = pending.slice(0, end).split("\n").filter((line) => line.startsWith("data: ")).map((line) => line.slice(6)).join("\n");
      pending = pending.slice(end + 2);
      if (data !== "") yield data;
    }
    ensure(pending.length <= MAX_EVENT_CHARS, "input_too_large", "the event is too large", { max: MAX_EVENT_CHARS });
  }
}
