// Proves one chunk and tells its parent how much memory that took, in KiB. Started by bench/ingest.ts.
import { ARTEFACT_DIR } from "../src/cli/paths.js";
import { programById } from "../src/programs/registry.js";
import { ingestCircuitOf, programId } from "../src/proofs/artefacts.js";
import { artefactsIn } from "../src/prover/artefact-files.js";
import { snarkjsProver } from "../src/prover/groth16.js";
import { generated, planOf } from "./ingest.js";

const id = programId(process.argv[2] ?? "");
const program = programById(id);
await snarkjsProver(artefactsIn(ARTEFACT_DIR)).prove(ingestCircuitOf(id), planOf(program, await generated(program)).chunkInput(1));
process.send?.(process.resourceUsage().maxRSS, () => process.exit(0));
