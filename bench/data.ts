import { randomBytes } from "node:crypto";
import { generateFolder } from "../src/programs/generator/generate.js";
import { openDataFolder } from "../src/programs/import/data-folder.js";
import { memorySource } from "../src/programs/import/source.js";
import { programByName } from "../src/programs/registry.js";
import { scoreApplicants } from "../src/programs/score-applicants.js";
import { partyKey } from "../src/protocol/ids.js";
import { openSegment, sealSegment, type SegmentContext } from "../src/protocol/sealing.js";
import { figure, times, type Figures } from "./figures.js";

const RUNS = 7;
/** A chunk of 320 records with its header. */
const SEGMENT_BYTES = 12_844;
const SEGMENTS = 256;

/** AEAD of record chunks alone, keys derived for each. */
export async function benchSealing(): Promise<Figures> {
  const dataKey = Uint8Array.from(randomBytes(32));
  const plaintext = Uint8Array.from(randomBytes(SEGMENT_BYTES));
  const context = (index: number): SegmentContext => ({ kind: "segment", owner: partyKey("11".repeat(32)), subject: new Uint8Array(32), version: 1, index });
  const sealed: Uint8Array[] = [];
  const seal = async (): Promise<void> => {
    for (let i = 0; i < SEGMENTS; i++) sealed[i] = await sealSegment(dataKey, context(i), plaintext);
  };
  const open = async (): Promise<void> => {
    for (const [i, segment] of sealed.entries()) await openSegment(dataKey, context(i), segment);
  };
  await seal();
  const rate = (ms: number): number => (SEGMENTS * SEGMENT_BYTES) / 1000 / ms;
  return {
    "rate.seal": figure((await times(RUNS, seal)).map(rate), "MB/s"),
    "rate.open": figure((await times(RUNS, open)).map(rate), "MB/s"),
  };
}

/** CSV bytes to scores: parsing and features, by all applicants of a folder. */
export async function benchScoring(): Promise<Figures> {
  const program = programByName("sme-invoice");
  const source = memorySource(generateFolder(program, { seed: "bench", applicants: 100, records: 2000 }));
  const run = async (): Promise<number> => (await scoreApplicants(await openDataFolder(source, { program }), "all")).rows;
  const rows = await run();
  return { "rate.score.records": figure((await times(RUNS, run)).map((ms) => (1000 * rows) / ms), "records/s") };
}
