import { z } from "zod";
import type { Bytes } from "../../protocol/bytes.js";

const seconds = z.int().nonnegative();

/** A key under a wrapping key of its own: whoever lacks that one has nothing. */
const wrapped = z.strictObject({
  /** Which wrapping key, hex of 16 bytes. */
  under: z.string().regex(/^[0-9a-f]{32}$/),
  box: z.base64(),
  /** The key was in a store without wrapping keys before: copies of that store still hold it. */
  older: z.literal(true).optional(),
});
/** A key that goes with the store and its backups: a party's identity. */
const lasting = z.strictObject({ lasting: z.base64() });
const destroyed = z.strictObject({ destroyedAt: seconds, older: z.literal(true).optional() });

const entry = z.union([wrapped, lasting, destroyed]);
export type Entry = z.infer<typeof entry>;
export type WrappedEntry = z.infer<typeof wrapped>;

/** By key name: a manifest's id, or a name of the party's own. */
export type Entries = Map<string, Entry>;

const entries = z.record(z.string(), entry);

/** @throws ZodError */
export const entriesFromJson = (json: unknown): Entries => new Map(Object.entries(entries.parse(json)));
export const entriesToJson = (map: ReadonlyMap<string, Entry>): Readonly<Record<string, Entry>> => Object.fromEntries(map);

/** Which keys there are and under what each is wrapped: the part of a store that backups may hold. */
export interface KeyFile {
  /** Changes with every rotation. */
  readonly generation: string;
  read(): Promise<Entries>;
  /** One change at a time over all processes; the file is replaced whole, or not at all when the change throws. */
  change<T>(change: (entries: Entries) => Promise<T>): Promise<T>;
  /** Wraps what is to last as long as the file; absent where the file itself is open to read. */
  readonly lasting?: { seal(name: string, key: Bytes): Bytes; open(name: string, box: Bytes): Promise<Bytes> };
}

export interface ReplaceableKeyFile extends KeyFile {
  /** Puts this file in the place of whatever is there, whole. For whoever holds the lock. */
  replaceWith(entries: ReadonlyMap<string, Entry>): Promise<void>;
}

/** Wrapping keys, one for each key, in a place that backups must not hold: erasing one erases what it wraps. */
export interface WrappingKeys {
  create(id: string): Promise<void>;
  seal(id: string, name: string, key: Bytes): Promise<Bytes>;
  /** "erased" when the wrapping key was destroyed. @throws open_failed, store_failed */
  open(id: string, name: string, box: Bytes): Promise<Bytes | "erased">;
  isErased(id: string): Promise<boolean>;
  /** Idempotent. Resolves when it cannot be had again from here. */
  erase(id: string): Promise<void>;
  /** How, in the words of a deletion record. */
  readonly method: string;
}
