import { randomBytes } from "node:crypto";
import { fork } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { folderProofs } from "../src/enterprise/dataset/local.js";
import { proveDataset, proveHere } from "../src/enterprise/dataset/prove.js";
import { folderSource } from "../src/enterprise/import/files.js";
import { generateFolder } from "../src/programs/generator/generate.js";
import { openDataFolder, readDatasets } from "../src/programs/import/data-folder.js";
import type { ImportedDataset } from "../src/programs/import/dataset.js";
import { memorySource } from "../src/programs/import/source.js";
import type { IngestPlan } from "../src/programs/ingest.js";
import type { Program } from "../src/programs/program.js";
import { programById } from "../src/programs/registry.js";
import { artefactsOf, datasetCircuitOf, ingestCircuitOf, PROGRAM_IDS } from "../src/proofs/artefacts.js";
import { splitIntoChunks } from "../src/protocol/chunks.js";
import { field, type Field } from "../src/protocol/field.js";
import { datasetProofToBytes } from "../src/protocol/objects/index.js";
import { artefactsIn } from "../src/prover/artefact-files.js";
import { terminate } from "../src/prover/engine.js";
import { snarkjsProver } from "../src/prover/groth16.js";
import { verifyDatasetProof } from "../src/proofs/dataset-proof.js";
import { figure, fixed, times, type Figures } from "./figures.js";

const RUNS = 5;
const random = (n: number): Uint8Array => Uint8Array.from(randomBytes(n));

/** What the proofs of one applicant's records are about. */
export function planOf(program: Program, { records, terms }: ImportedDataset): IngestPlan {
  const chunks = splitIntoChunks(program, program.canonical(records, terms), () => random(31));
  return program.ingest({ chunks, terms, aggregateSalt: random(31), owner: field(7n), sourceClass: 0, sourceKey: field(0n) });
}

/** A generated applicant that fills a chunk and begins a second one. */
export async function generated(program: Program): Promise<ImportedDataset> {
  const folder = await openDataFolder(memorySource(generateFolder(program, { seed: "bench", applicants: 1, records: 4 * program.slotsPerChunk })), { program });
  const [dataset] = await readDatasets(folder, "all");
  return dataset as ImportedDataset;
}

/** One chunk of each program: witness and proof, warm; records per second; memory of a process that proves one. */
export async function benchIngest(artefacts: string): Promise<Figures> {
  const figures: Figures = {};
  for (const id of PROGRAM_IDS) {
    const program = programById(id);
    const suffix = id === "sme-invoice/1" ? "" : `.${program.name}`;
    const [ingest, dataset] = [ingestCircuitOf(id), datasetCircuitOf(id)];
    figures[`constraints.ingest.${program.name}.perRecord`] = fixed(Math.round((100 * artefactsOf(ingest).constraints) / program.slotsPerChunk) / 100, "constraints");
    const prover = snarkjsProver(artefactsIn(artefacts));
    const plan = planOf(program, await generated(program));
    await prover.prove(ingest, plan.chunkInput(1));
    await prover.prove(dataset, plan.datasetInput);
    const chunk = await times(RUNS, () => prover.prove(ingest, plan.chunkInput(1)));
    figures[`time.prove.ingest.chunk${suffix}`] = figure(chunk, "ms");
    figures[`rate.ingest.records${suffix}`] = figure(chunk.map((ms) => (1000 * program.slotsPerChunk) / ms), "records/s");
    figures[`time.prove.dataset${suffix}`] = figure(await times(RUNS, () => prover.prove(dataset, plan.datasetInput)), "ms");
    await terminate();
    figures[`memory.prove.ingest${suffix}`] = fixed(await memoryOf(id), "MiB");
  }
  return figures;
}

/** Largest resident size of a process that proves one chunk and does nothing else. */
function memoryOf(program: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(new URL("ingest-memory.js", import.meta.url)), [program], { stdio: ["ignore", "ignore", "inherit", "ipc"] });
    child.once("message", (kilobytes) => resolve(Math.round((kilobytes as number) / 1024)));
    child.once("exit", (code) => reject(new Error(`the process that proves a chunk ended with ${code}`)));
  });
}

/** The largest firm of a folder, from its records to a verified dataset proof. */
export async function benchLargest(artefacts: string, data: string, say: (text: string) => void): Promise<Figures> {
  const program = programById("sme-invoice/1");
  const all = await readDatasets(await openDataFolder(folderSource(data), { program }), "all");
  const largest = all.reduce((a, b) => (b.records.length > a.records.length ? b : a));
  const plan = planOf(program, largest);
  const journal = await mkdtemp(join(tmpdir(), "veritee-largest-"));
  try {
    const start = performance.now();
    const proof = await proveDataset({ program: program.id, plan, sourceClass: 0, sourceKey: field(0n) as Field }, {
      prover: proveHere(program.id, { prover: snarkjsProver(artefactsIn(artefacts)) }), journal: folderProofs(journal),
      onStep: ({ done, of }) => { if (done % 10 === 0) say(`largest firm: ${done} of ${of} proofs`); },
    });
    const seconds = (performance.now() - start) / 1000;
    await terminate();
    return {
      "ingest.largest.records": fixed(largest.records.length, "records"),
      "ingest.largest.chunks": fixed(proof.chunks.length, "chunks"),
      "ingest.largest.seconds": fixed(Math.round(10 * seconds) / 10, "s"),
      "ingest.largest.proof": fixed(datasetProofToBytes(proof).length, "B"),
      "ingest.largest.verify": fixed(Math.round((await times(1, () => verifyDatasetProof(proof)))[0] as number), "ms"),
    };
  } finally {
    await rm(journal, { recursive: true });
  }
}
