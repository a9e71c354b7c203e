import { decode, Tokenizer, type DecodeOptions } from "cborg";
import { VeriteeError } from "../../protocol/errors.js";
import type { Bytes } from "../../protocol/bytes.js";

/** A genuine document has about 110 items; nesting and allocation cannot exceed this. */
const MAX_ITEMS = 256;
/** What documents are made of: no floats, no undefined, no booleans. */
const KINDS: ReadonlySet<string> = new Set(["uint", "negint", "bytes", "string", "array", "map", "null", "break"]);

/** Counts items as they are read, so that neither depth nor number depends on the sender. */
class BoundedTokenizer extends Tokenizer {
  #items = 0;

  override next(): ReturnType<Tokenizer["next"]> {
    const token = super.next();
    if (++this.#items > MAX_ITEMS) throw new Error("too many items");
    if (!KINDS.has(token.type.name)) throw new Error(`${token.type.name} does not belong here`);
    return token;
  }
}

/**
 * Decodes one CBOR item (RFC 8949) that is the whole input: shortest lengths, no duplicate keys, no tags, maps as `Map`.
 * @param allowIndefinite maps and arrays of indefinite length, as NSM writes its payload
 * @throws evidence_malformed
 */
export function decodeCbor(bytes: Bytes, { allowIndefinite }: { readonly allowIndefinite: boolean }): unknown {
  const options: DecodeOptions = {
    allowIndefinite, strict: true, useMaps: true, rejectDuplicateMapKeys: true, allowUndefined: false, allowInfinity: false, allowNaN: false,
    allowBigInt: false,
  };
  try {
    return decode(bytes, { ...options, tokenizer: new BoundedTokenizer(bytes, options) });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new VeriteeError("evidence_malformed", "not strict CBOR", { reason: reason.slice(0, 120) }, { cause });
  }
}
