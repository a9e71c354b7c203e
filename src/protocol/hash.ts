import { sha256, sha512 } from "@noble/hashes/sha2.js";
import { lp, type Bytes } from "./bytes.js";

export { sha256, sha512 };

/** SHA-256 over the length-prefixed domain and parts (docs/protocol.md 2). */
export const digest = (domain: string, ...parts: readonly Bytes[]): Bytes => sha256(lp(domain, ...parts));
