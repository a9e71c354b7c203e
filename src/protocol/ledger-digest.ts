import { secp256k1 } from "@noble/curves/secp256k1.js";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { concat, fromHex, utf8, type Bytes } from "./bytes.js";
import { ensure, VeriteeError } from "./errors.js";
import { field, fieldFromDigest, fieldToBytes, type Field } from "./field.js";
import { digest, sha256 } from "./hash.js";
import { idFromBytes, type LedgerAddress } from "./ids.js";

// What the ledger's contracts check signatures over (docs/protocol.md 8). SHA-256 throughout; Keccak-256 is used for one
// thing only, to turn a public key into the account that the EVM's ecrecover answers.

/** Public signals of a score proof (docs/protocol.md 7); a ReceiptStatement has them under the same names. */
export interface LedgerSignals {
  readonly registryRoot: Field;
  readonly resultCommitment: Field;
  readonly jobBinding: Field;
  /** Days since 1970-01-01. */
  readonly asOfDay: number;
  readonly sourceClass: number;
}

/** The contract that a signature is for: it is good on no other contract and no other chain. */
export interface LedgerPlace {
  readonly chainId: number;
  readonly contract: LedgerAddress;
}

const DOMAIN = {
  insert: sha256(utf8("veritee/registry/insert/v1")),
  revoke: sha256(utf8("veritee/registry/revoke/v1")),
  receipt: sha256(utf8("veritee/ledger/receipt/v1")),
  endorse: sha256(utf8("veritee/source/endorse/v1")),
} as const;

/** R, K, J, as-of day, source class: the circuit's order. @throws signal_out_of_range */
export const signalList = (s: LedgerSignals): readonly [Field, Field, Field, Field, Field] =>
  [s.registryRoot, s.resultCommitment, s.jobBinding, field(s.asOfDay), field(s.sourceClass)];

/** The id of a program on the ledger: SHA-256 of its name, e.g. "sme-invoice/1". */
export const ledgerProgramId = (program: string): Bytes => sha256(utf8(program));

/** Signed by a leaf's authority to have it inserted. */
export const insertDigest = (place: LedgerPlace, leaf: Field): Bytes => placed(DOMAIN.insert, place, fieldToBytes(leaf));

/** Signed by a leaf's authority to have it removed. */
export const revokeDigest = (place: LedgerPlace, leaf: Field): Bytes => placed(DOMAIN.revoke, place, fieldToBytes(leaf));

/** Signed by a worker; `place.contract` is the receipt ledger. */
export const receiptDigest = (place: LedgerPlace, program: string, signals: LedgerSignals): Bytes =>
  placed(DOMAIN.receipt, place, ledgerProgramId(program), ...signalList(signals).map(fieldToBytes));

/**
 * Signed by a source to endorse a dataset; `place.contract` is the source registry. The leaf and not the dataset root, which
 * would endorse the same records for whoever copies them: the leaf binds their owner as well.
 */
export const endorseDigest = (place: LedgerPlace, program: string, leaf: Field): Bytes =>
  placed(DOMAIN.endorse, place, ledgerProgramId(program), fieldToBytes(leaf));

/** A source's account as leaves carry it (docs/protocol.md 4). */
export const sourceKeyOf = (source: LedgerAddress): Field => fieldFromDigest(digest("veritee/source/v1", addressBytes(source)));

/** SHA-256 over a domain, the place and the parts: what the contract at that place can compute as well. */
export function placed(domain: Bytes, place: LedgerPlace, ...parts: readonly Bytes[]): Bytes {
  ensure(Number.isSafeInteger(place.chainId) && place.chainId > 0, "input_invalid", "chain id out of range", { chainId: place.chainId });
  // A chain id is below r, so the field's encoding serves as uint256.
  return sha256(concat(domain, fieldToBytes(field(place.chainId)), addressBytes(place.contract), ...parts));
}

/** 65 bytes r || s || v, low s, v 27 or 28; deterministic (RFC 6979). */
export function signLedger(digest: Bytes, privateKey: Bytes): Bytes {
  const signature = secp256k1.sign(digest, privateKey, { prehash: false, lowS: true, format: "recovered" });
  return concat(signature.subarray(1), Uint8Array.of(27 + (signature[0] as number)));
}

/**
 * The account whose key signed the digest, by the contracts' rules: 65 bytes, v 27 or 28, low s.
 * @throws signature_invalid
 */
export function recoverLedger(digest: Bytes, signature: Bytes): LedgerAddress {
  const v = signature[64];
  ensure(signature.length === 65 && (v === 27 || v === 28), "signature_invalid", "not a ledger signature", { length: signature.length });
  try {
    const parsed = secp256k1.Signature.fromBytes(signature.subarray(0, 64), "compact");
    if (!parsed.hasHighS()) return pointAddress(parsed.addRecoveryBit(v - 27).recoverPublicKey(digest).toBytes(false));
  } catch (cause) {
    throw new VeriteeError("signature_invalid", "no account made this ledger signature", {}, { cause });
  }
  throw new VeriteeError("signature_invalid", "ledger signature with a high s");
}

/** The account of a secp256k1 private key (32 bytes). */
export const ledgerAddress = (privateKey: Bytes): LedgerAddress => pointAddress(secp256k1.getPublicKey(privateKey, false));

/** A fresh private key from 48 random bytes, so that reduction modulo the order leaves no bias. */
export const ledgerKeyFromRandom = (random: Bytes): Bytes => secp256k1.utils.randomSecretKey(random);

export const addressBytes = (address: LedgerAddress): Bytes => fromHex(address);

function pointAddress(uncompressed: Bytes): LedgerAddress {
  return idFromBytes(keccak_256(uncompressed.subarray(1)).subarray(12), 20, "ledger address");
}
