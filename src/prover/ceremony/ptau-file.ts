import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { ensure, VeriteeError } from "../../protocol/errors.js";
import { Q } from "../../proofs/codec.js";
import { Reader } from "../sections.js";
import { PUBLISHED_PTAU } from "./published-ptau.js";

/** What a powers-of-tau file says of itself. The file may be gigabytes: only its table of contents was read. */
export interface PtauSummary {
  readonly bytes: number;
  /** Circuits up to 2^power rows. */
  readonly power: number;
  /** Of the ceremony that the file was cut from. */
  readonly ceremonyPower: number;
  /** Phase-1 contributions that the file lists, beacon included. */
  readonly contributions: number;
}

const G1 = 64;
const G2 = 128;
const MAX_POWER = 28;

/** Sections of a prepared file with their lengths; those from 12 on hold the powers in Lagrange form, which preparing adds. */
const lengths = (power: number): readonly (readonly [id: number, bytes: number])[] => {
  const n = 2 ** power;
  return [
    [2, (2 * n - 1) * G1], [3, n * G2], [4, n * G1], [5, n * G1], [6, G2],
    [12, (4 * n - 1) * G1], [13, (2 * n - 1) * G2], [14, (2 * n - 1) * G1], [15, (2 * n - 1) * G1],
  ];
};

/**
 * Reads a prepared powers-of-tau file's table of contents and checks every length in it.
 * @throws not_found, input_invalid when it is no such file, cut off, or not prepared for phase 2
 */
export async function inspectPtau(path: string): Promise<PtauSummary> {
  const file = await open(path).catch((cause: NodeJS.ErrnoException) => {
    throw new VeriteeError(cause.code === "ENOENT" ? "not_found" : "input_invalid", "cannot read the powers-of-tau file", { file: path }, { cause });
  });
  try {
    return await inspect(file, path);
  } finally {
    await file.close();
  }
}

interface Section { readonly at: number; readonly bytes: number }

async function inspect(file: FileHandle, path: string): Promise<PtauSummary> {
  const bytes = (await file.stat()).size;
  const sections = await contents(file, path, bytes);
  const header = sections.get(1);
  ensure(header?.bytes === 44, "input_invalid", "not a powers-of-tau file: its header is missing", { file: path });
  const reader = await readAt(file, header.at, 44);
  ensure(reader.u32() === 32 && reader.big() === Q, "input_invalid", "the powers of tau are not over BN254", { file: path });
  const [power, ceremonyPower] = [reader.u32(), reader.u32()];
  ensure(power >= 1 && power <= ceremonyPower && ceremonyPower <= MAX_POWER, "input_invalid", "the file's power is out of range", { file: path, power, ceremonyPower });
  ensure(sections.has(12), "input_invalid", "the powers of tau are not prepared for phase 2 (snarkjs powersoftau prepare phase2)", { file: path });
  for (const [section, expected] of lengths(power)) {
    const found = sections.get(section)?.bytes ?? 0;
    ensure(found === expected, "input_invalid", "a section of the powers-of-tau file has the wrong length", { file: path, section, found, expected });
  }
  const listed = sections.get(7);
  ensure(listed !== undefined && listed.bytes >= 4, "input_invalid", "the powers-of-tau file lists no contributions", { file: path });
  return { bytes, power, ceremonyPower, contributions: (await readAt(file, listed.at, 4)).u32() };
}

async function contents(file: FileHandle, path: string, size: number): Promise<Map<number, Section>> {
  ensure(size >= 12, "input_invalid", "not a powers-of-tau file: too short", { file: path, bytes: size });
  const start = await readAt(file, 0, 12);
  ensure(new TextDecoder("latin1").decode(start.take(4)) === "ptau" && start.u32() === 1, "input_invalid", "not a powers-of-tau file", { file: path });
  const count = start.u32();
  ensure(count <= 64, "input_invalid", "not a powers-of-tau file: too many sections", { file: path, count });
  const sections = new Map<number, Section>();
  let at = 12;
  for (let i = 0; i < count; i++) {
    ensure(at + 12 <= size, "input_invalid", "the powers-of-tau file is cut off", { file: path, bytes: size, needed: at + 12 });
    const entry = await readAt(file, at, 12);
    const id = entry.u32();
    const length = entry.u32() + entry.u32() * 2 ** 32;
    at += 12;
    ensure(at + length <= size, "input_invalid", "the powers-of-tau file is cut off", { file: path, bytes: size, needed: at + length });
    ensure(!sections.has(id), "input_invalid", "the powers-of-tau file has a section twice", { file: path, section: id });
    sections.set(id, { at, bytes: length });
    at += length;
  }
  ensure(at === size, "input_invalid", "the powers-of-tau file has bytes after its last section", { file: path, bytes: size, expected: at });
  return sections;
}

async function readAt(file: FileHandle, at: number, length: number): Promise<Reader> {
  const bytes = new Uint8Array(length);
  await file.read(bytes, 0, length, at);
  return new Reader(bytes);
}

/** blake2b-512 of a file of any size, lower-case hex. */
export async function blake2bOfFile(path: string, onProgress: (done: number) => void = () => undefined): Promise<string> {
  const hash = createHash("blake2b512");
  let done = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
    hash.update(chunk as Buffer);
    onProgress((done += (chunk as Buffer).length));
  }
  return hash.digest("hex");
}

/** Whether a hash is the published one of its power. */
export const isPublished = (power: number, blake2b512: string): boolean => PUBLISHED_PTAU.get(power) === blake2b512;
