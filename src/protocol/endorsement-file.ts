import { z } from "zod";
import { fromHex, toHex, type Bytes } from "./bytes.js";
import { VeriteeError } from "./errors.js";
import { field, fieldToBytes, type Field } from "./field.js";
import { hexId, type LedgerAddress } from "./ids.js";
import { endorseDigest, recoverLedger } from "./ledger-digest.js";
import type { HpkeKey } from "./objects/parts.js";
import { tryParse } from "./schema.js";

const hex = (bytes: number) => z.string().regex(new RegExp(`^[0-9a-f]{${bytes * 2}}$`), `expected ${bytes} bytes of lower-case hex`);

/** What a source gives to those whose records it may endorse. Whether its class is so, the ledger's registry says. */
export interface SourceCard {
  readonly account: LedgerAddress;
  /** 1 bank, 2 tax office, 3 logistics, 4 core enterprise, 5 platform */
  readonly sourceClass: number;
  /** to which datasets are sealed for it; suite 1 (X25519) */
  readonly key: HpkeKey;
}

/** A source's word that a leaf's records are its own records of the leaf's owner: complete, and none but these. */
export interface Endorsement {
  readonly program: string;
  /** L, which binds the owner and the dataset root */
  readonly leaf: Field;
  readonly source: LedgerAddress;
  readonly chainId: number;
  readonly sourceRegistry: LedgerAddress;
  /** 65 bytes r, s, v over endorseDigest */
  readonly signature: Bytes;
}

const cardSchema = z.strictObject({ format: z.literal("veritee-source/1"), account: hex(20), sourceClass: z.int().min(1).max(5), key: hex(32) });
const endorsementSchema = z.strictObject({
  format: z.literal("veritee-endorsement/1"), program: z.string().min(1).max(64), leaf: hex(32), source: hex(20),
  chainId: z.int().positive(), sourceRegistry: hex(20), signature: hex(65),
});

export const cardToJson = ({ account, sourceClass, key }: SourceCard): z.infer<typeof cardSchema> =>
  ({ format: "veritee-source/1", account, sourceClass, key: toHex(key.publicKey) });

/** @throws input_invalid naming the field */
export function cardFromJson(json: unknown): SourceCard {
  const { account, sourceClass, key } = parsed(cardSchema, json, "a source's card");
  return { account: hexId<LedgerAddress>(account, 20, "account"), sourceClass, key: { suite: 1, publicKey: fromHex(key) } };
}

export const endorsementToJson = (e: Endorsement): z.infer<typeof endorsementSchema> => ({
  format: "veritee-endorsement/1", program: e.program, leaf: toHex(fieldToBytes(e.leaf)), source: e.source,
  chainId: e.chainId, sourceRegistry: e.sourceRegistry, signature: toHex(e.signature),
});

/** Reads an endorsement and checks that its source signed it. @throws input_invalid naming the field, signature_invalid */
export function endorsementFromJson(json: unknown): Endorsement {
  const e = parsed(endorsementSchema, json, "an endorsement");
  const endorsement: Endorsement = {
    program: e.program, leaf: field(BigInt(`0x${e.leaf}`)), source: hexId<LedgerAddress>(e.source, 20, "source"),
    chainId: e.chainId, sourceRegistry: hexId<LedgerAddress>(e.sourceRegistry, 20, "sourceRegistry"), signature: fromHex(e.signature),
  };
  const place = { chainId: endorsement.chainId, contract: endorsement.sourceRegistry };
  const signer = recoverLedger(endorseDigest(place, endorsement.program, endorsement.leaf), endorsement.signature);
  if (signer !== endorsement.source) throw new VeriteeError("signature_invalid", "the endorsement is signed by another account", { found: signer, expected: endorsement.source });
  return endorsement;
}

function parsed<T>(schema: z.ZodType<T>, json: unknown, what: string): T {
  const result = tryParse(schema, json);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new VeriteeError("input_invalid", `not ${what}: ${issue?.message ?? ""}`, { field: issue?.path.join(".") ?? "" });
}
