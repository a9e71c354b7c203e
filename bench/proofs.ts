import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { generateFolder } from "../src/programs/generator/generate.js";
import { openDataFolder, readDatasets } from "../src/programs/import/data-folder.js";
import { memorySource } from "../src/programs/import/source.js";
import { aggregate } from "../src/programs/program.js";
import { programById } from "../src/programs/registry.js";
import { buildScoreInput, type ScoreInput } from "../src/programs/score-input.js";
import { artefactsOf, PROGRAM_IDS, scoreCircuitOf, verificationKeyOf, type ProgramId } from "../src/proofs/artefacts.js";
import { verifyProof } from "../src/proofs/verify.js";
import { artefactsIn } from "../src/prover/artefact-files.js";
import { terminate } from "../src/prover/engine.js";
import { snarkjsProver } from "../src/prover/groth16.js";
import { ensureArtefacts } from "../src/prover/setup.js";
import { figure, fixed, times, type Figures } from "./figures.js";
import { statementOf } from "./statement.js";

const RUNS = 7;

/** Compiling both circuits and making both development keys, from nothing. */
export async function benchSetup(root: string): Promise<Figures> {
  const cache = await mkdtemp(join(root, ".veritee", "bench-setup-"));
  try {
    return { "time.setup.all": figure((await times(1, () => ensureArtefacts({ root, cache }))).map((ms) => ms / 1000), "s") };
  } finally {
    await rm(cache, { recursive: true, force: true });
  }
}

/** Witness, proof and verification of one honest statement a program, warm. */
export async function benchProofs(artefacts: string): Promise<Figures> {
  const figures: Figures = {};
  const prover = snarkjsProver(artefactsIn(artefacts));
  for (const id of PROGRAM_IDS) {
    const name = programById(id).name;
    const circuit = scoreCircuitOf(id);
    figures[`constraints.score.${name}`] = fixed(artefactsOf(circuit).constraints, "constraints");
    const { input, publicSignals } = await statement(id);
    await prover.prove(circuit, input);
    const proved = [];
    for (let i = 0; i < RUNS; i++) proved.push(await prover.prove(circuit, input));
    figures[`time.witness.score.${name}`] = figure(proved.map((p) => p.timings.witnessMs), "ms");
    figures[`time.prove.score.${name}`] = figure(proved.map((p) => p.timings.proveMs), "ms");
    const [last] = proved;
    const signals = [publicSignals.R, publicSignals.K, publicSignals.J, BigInt(publicSignals.asOfDay), BigInt(publicSignals.sourceClass)];
    if (last === undefined) continue;
    verifyProof(verificationKeyOf(circuit), signals, last.proof);
    figures["time.verify.score"] = figure(await times(RUNS, () => verifyProof(verificationKeyOf(circuit), signals, last.proof)), "ms");
  }
  await terminate();
  return figures;
}

/** An honest statement about a generated applicant. */
export async function statement(id: ProgramId): Promise<ScoreInput> {
  const program = programById(id);
  const folder = await openDataFolder(memorySource(generateFolder(program, { seed: "bench", applicants: 1 })), { program });
  const [dataset] = await readDatasets(folder, "all");
  if (dataset === undefined) throw new Error("the generator made no applicant");
  const aggregates = aggregate(program, dataset.records, dataset.terms);
  return buildScoreInput(statementOf(program, aggregates, dataset.terms, (n) => Uint8Array.from(randomBytes(n))));
}
