import type { Bytes } from "../../protocol/bytes.js";

/** Deeper than any body of this service by far. */
export const MAX_JSON_DEPTH = 32;

const [QUOTE, BACKSLASH, OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x22, 0x5c, 0x5b, 0x5d, 0x7b, 0x7d];

/** How deep lists and objects of a JSON text are nested, at most: one look at each byte, before anything is parsed. */
export function jsonDepth(text: Bytes): number {
  let [depth, deepest, inString] = [0, 0, false];
  for (let i = 0; i < text.length; i++) {
    const byte = text[i];
    if (inString && byte === BACKSLASH) i++;
    else if (byte === QUOTE) inString = !inString;
    else if (!inString && (byte === OPEN_LIST || byte === OPEN_OBJECT)) deepest = Math.max(deepest, ++depth);
    else if (!inString && (byte === CLOSE_LIST || byte === CLOSE_OBJECT)) depth--;
  }
  return deepest;
}
