import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { IDENTITY, type PartyKeyStore } from "../../broker/keystore/key-store.js";
import { openKeyStore } from "../../broker/keystore/open.js";
import { enterpriseFromSeed, type Enterprise } from "../../enterprise/identity.js";
import { platformFromSeed, type Platform } from "../../platform/identity.js";
import { sourceFromSeed, type Source } from "../../source/identity.js";
import { ensure } from "../../protocol/errors.js";
import { readJson } from "../options.js";
import { random } from "./system.js";

export const PARTY_ROLES = ["enterprise", "platform", "source"] as const;
export type PartyRole = (typeof PARTY_ROLES)[number];

/** A party's folder: party.json (public), keystore.json and erasure/ (its keys), and what its role writes beside them. */
export interface Home {
  readonly folder: string;
  readonly role: PartyRole;
  readonly keys: PartyKeyStore;
  readonly seed: Uint8Array;
}

const partyFile = z.strictObject({ format: z.literal("veritee-party/1"), role: z.enum(PARTY_ROLES), publicKey: z.string() });
export type PartyFile = z.infer<typeof partyFile>;

const partyPath = (folder: string): string => join(folder, "party.json");

/** @param keystore token in which its keys are wrapped (RFC 7512); a file under the passphrase when left out. @throws conflict when the folder has a party already */
export async function createHome(folder: string, role: PartyRole, passphrase: string, keystore?: string): Promise<Home> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const keys = await openKeyStore(folder, passphrase, { keystore });
  const seed = random(32);
  await keys.put(IDENTITY, seed);
  const party: PartyFile = { format: "veritee-party/1", role, publicKey: publicKeyOf(role, seed) };
  await writeFile(partyPath(folder), `${JSON.stringify(party, null, 2)}\n`, { mode: 0o600 });
  return { folder, role, keys, seed };
}

const PARTY_OF = { enterprise: enterpriseFromSeed, platform: platformFromSeed, source: sourceFromSeed } as const;
const publicKeyOf = (role: PartyRole, seed: Uint8Array): string => PARTY_OF[role](seed).signing.publicKey;

/** @throws not_found, config_invalid naming the file */
export async function readParty(folder: string): Promise<PartyFile> {
  const parsed = partyFile.safeParse(await readJson(partyPath(folder)));
  ensure(parsed.success, "config_invalid", "not a party file of this version", { file: partyPath(folder) });
  return parsed.data;
}

/** @throws not_found, open_failed (wrong passphrase), config_invalid (the folder is another role's) */
export async function openHome(folder: string, role: PartyRole, passphrase: string, keystore?: string): Promise<Home> {
  const party = await readParty(folder);
  ensure(party.role === role, "config_invalid", `this folder belongs to ${party.role === "enterprise" ? "an" : "a"} ${party.role}`, { folder, expected: role });
  const keys = await openKeyStore(folder, passphrase, { keystore });
  const seed = await keys.get(IDENTITY);
  ensure(seed !== undefined && publicKeyOf(role, seed) === party.publicKey, "config_invalid", "the key store has another identity", { folder });
  return { folder, role, keys, seed };
}

export const enterpriseOf = (home: Home): Enterprise => enterpriseFromSeed(home.seed);
export const sourceOf = (home: Home): Source => sourceFromSeed(home.seed);
export const platformOf = (home: Home): Platform => platformFromSeed(home.seed);
