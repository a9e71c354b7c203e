import { fromBinary, toBinary, type DescMessage, type MessageShape } from "@bufbuild/protobuf";
import { equalBytes, type Bytes } from "./bytes.js";

/**
 * Decodes a message that must be in the one encoding this library writes: no unknown fields, no other order, no padded
 * numbers. For framing that no signature covers, so that nobody can make two files of one receipt.
 * @throws when the bytes are no message, or another spelling of it
 */
export function decodeCanonical<S extends DescMessage>(schema: S, bytes: Bytes): MessageShape<S> {
  const message = fromBinary(schema, bytes);
  if (!equalBytes(toBinary(schema, message, { writeUnknownFields: false }), bytes)) throw new Error("not in canonical form");
  return message;
}
