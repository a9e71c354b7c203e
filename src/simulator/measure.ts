import { sha384 } from "@noble/hashes/sha2.js";
import { toHex, type Bytes } from "../protocol/bytes.js";
import type { Measurement } from "../protocol/ids.js";

/** The measurement of an enclave in simulation: SHA-384 of its bundle. */
export const measureBundle = (bundle: Bytes): Measurement => toHex(sha384(bundle)) as Measurement;
