import { fromHex, toHex, type Bytes } from "./bytes.js";
import { ensure } from "./errors.js";

declare const brand: unique symbol;
type Hex<Name extends string> = string & { readonly [brand]: Name };

/** SHA-256 of a signed object's payload, lower-case hex. */
export type DatasetManifestId = Hex<"DatasetManifestId">;
export type ModelManifestId = Hex<"ModelManifestId">;
export type GrantId = Hex<"GrantId">;
export type RevocationId = Hex<"RevocationId">;
export type JobId = Hex<"JobId">;
export type KeyRequestId = Hex<"KeyRequestId">;
export type KeyChallengeId = Hex<"KeyChallengeId">;
export type ObjectId = Hex<string>;

/** An Ed25519 public key, lower-case hex: who a party is. */
export type PartyKey = Hex<"PartyKey">;
/** SHA-256 of a stored ciphertext. */
export type BlobId = Hex<"BlobId">;
/** Enclave measurement: SHA-384 in simulation, the platform's own elsewhere. */
export type Measurement = Hex<"Measurement">;
/** 20-byte ledger account. */
export type LedgerAddress = Hex<"LedgerAddress">;

/** Parses lower-case hex of a fixed byte length into a branded id. @throws input_invalid */
export function hexId<T extends Hex<string>>(text: string, bytes: number, name: string): T {
  ensure(text.length === bytes * 2 && /^[0-9a-f]*$/.test(text), "input_invalid",
    `${name} is ${bytes} bytes of lower-case hex`, { field: name, length: text.length });
  return text as T;
}

export function idFromBytes<T extends Hex<string>>(value: Bytes, bytes: number, name: string): T {
  ensure(value.length === bytes, "input_invalid", `${name} is ${bytes} bytes`, { field: name, length: value.length });
  return toHex(value) as T;
}

export const partyKey = (text: string): PartyKey => hexId(text, 32, "party key");
export const idBytes = (id: Hex<string>): Bytes => fromHex(id);
