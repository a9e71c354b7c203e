import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { closeSync, mkdtempSync, openSync, readFileSync, readSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { openKeyStore } from "../../src/broker/keystore/open.js";
import { toBase64, toHex } from "../../src/protocol/bytes.js";
import { envelopeToBytes } from "../../src/protocol/dsse.js";
import { bundleScript } from "../faults/harness/bundle.js";
import { makeDeal, MEASUREMENT } from "../harness/deal.js";
import { seededRandom } from "../harness/seeded.js";

// R30, the broker's part: a second after a key was given it is nowhere in the broker's memory, in no spelling.

const SEED = "memory";
const PIECE = 1 << 22;

/** How often each needle is in the memory that a process can write to, which the kernel shows to whoever may trace it. */
function hitsIn(pid: number, needles: readonly Buffer[]): number[] {
  const hits = needles.map(() => 0);
  const memory = openSync(`/proc/${pid}/mem`, "r");
  try {
    for (const [, from, to] of readFileSync(`/proc/${pid}/maps`, "utf8").matchAll(/^([0-9a-f]+)-([0-9a-f]+) rw/gm)) {
      const end = Number.parseInt(to as string, 16);
      for (let at = Number.parseInt(from as string, 16); at < end; at += PIECE) {
        const piece = read(memory, at, Math.min(PIECE + 128, end - at));
        needles.forEach((needle, n) => {
          for (let found = piece.indexOf(needle); found >= 0; found = piece.indexOf(needle, found + 1)) hits[n]!++;
        });
      }
    }
  } finally {
    closeSync(memory);
  }
  return hits;
}

function read(memory: number, at: number, length: number): Buffer {
  const piece = Buffer.alloc(length);
  try {
    return piece.subarray(0, readSync(memory, piece, 0, length, at));
  } catch {
    return piece.subarray(0, 0);
  }
}

describe.skipIf(process.platform !== "linux")("R30: a broker's memory (Linux: it is read through /proc)", () => {
  it("holds no key that it gave a second ago", async () => {
    const deal = await makeDeal({ seed: SEED, records: 8 });
    const folder = mkdtempSync(join(tmpdir(), "veritee-memory-"));
    const script = await bundleScript(join(import.meta.dirname, "harness/memory-child.ts"));
    try {
      await (await openKeyStore(folder, "passphrase")).put(deal.dataset.manifest.id, deal.dataset.dataKey);
      const canary = randomBytes(32);
      // The deal's first bytes are its enterprise's seed (test/harness/deal.ts).
      const task = {
        keys: folder, book: join(deal.folder, "book"), log: join(folder, "log"), seed: toHex(seededRandom(SEED)(32)), job: toBase64(envelopeToBytes(deal.job.envelope)),
        measurement: MEASUREMENT, at: deal.clock.now(), canary: canary.toString("hex"),
      };
      const child = spawn(process.execPath, [script.path], { stdio: ["pipe", "pipe", "inherit"] });
      child.stdin.write(`${JSON.stringify(task)}\n`);
      const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
      expect(JSON.parse((await lines.next()).value as string)).toEqual({ outcome: "released" });
      await sleep(1000);
      const key = Buffer.from(deal.dataset.dataKey);
      const [found, ...hits] = hitsIn(child.pid as number, [canary, key, Buffer.from(key.toString("hex")), Buffer.from(key.toString("base64").slice(0, 40)), Buffer.from(key.toString("base64url").slice(0, 40)), Buffer.from(key.toString("hex"), "utf16le")]);
      child.stdin.end("\n");
      await lines.next();
      expect(found, "the search finds what is there").toBeGreaterThan(0);
      expect(hits).toEqual([0, 0, 0, 0, 0]);
    } finally {
      await script.remove();
      await deal.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
