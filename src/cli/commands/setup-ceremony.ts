// The steps of a ceremony (docs/setup.md). The folder goes from participant to participant; every step can be repeated.
import { Command, InvalidArgumentError } from "commander";
import { join } from "node:path";
import { PINNED_CIRCUITS, circuitName, type CircuitName } from "../../proofs/artefacts.js";
import { applyBeacon, BEACON_ITERATIONS, contribute, type RoundResult } from "../../prover/ceremony/contribute.js";
import { finishCeremony, transcriptOf, transcriptSha256 } from "../../prover/ceremony/finish.js";
import { startCeremony } from "../../prover/ceremony/start.js";
import { verifyCeremony, type CeremonyReport } from "../../prover/ceremony/verify.js";
import { createOutput, EXIT } from "../output.js";
import { openParameters } from "../parameters.js";
import { artefactsBeside, ceremonyBars, ceremonyRecord, compiledCircuits, installKeys } from "../roles/ceremony.js";

interface FolderOptions { ceremony: string; json?: boolean }
interface StartOptions extends FolderOptions { ptau: string; ptauHash: string; otherCeremony?: boolean; circuits: readonly CircuitName[] }
interface ContributeOptions extends FolderOptions { name: string; text?: string }
interface BeaconOptions extends FolderOptions { beacon: string; iterations: number; name: string }
interface VerifyOptions extends FolderOptions { ptau: string; ptauHash?: string; final?: boolean }
interface FinishOptions extends VerifyOptions { out?: string }

export const ceremonyCommands = (): readonly Command[] => [start(), addContribution(), beacon(), verify(), finish(), install()];

const inFolder = (name: string): Command => new Command(name).requiredOption("--ceremony <dir>", "the ceremony's folder").option("--json", "print as JSON");

const withPtau = (command: Command): Command => command
  .requiredOption("--ptau <file>", "prepared powers of tau");

function parseCircuits(text: string): readonly CircuitName[] {
  if (text === "all") return PINNED_CIRCUITS;
  try {
    return [...new Set(text.split(",").map((name) => circuitName(name.trim())))];
  } catch {
    throw new InvalidArgumentError(`known circuits: ${PINNED_CIRCUITS.join(", ")}`);
  }
}

function parseIterations(text: string): number {
  const { least, most } = BEACON_ITERATIONS;
  const value = Number(text);
  if (!Number.isInteger(value) || value < least || value > most) throw new InvalidArgumentError(`give a power of two from ${least} to ${most}`);
  return value;
}

function parseBeacon(text: string): string {
  const value = text.replace(/^0x/, "").toLowerCase();
  if (!/^([0-9a-f]{2}){32,255}$/.test(value)) throw new InvalidArgumentError("give 32 to 255 bytes in hexadecimal");
  return value;
}

const start = (): Command => withPtau(inFolder("start"))
  .description("Begin a ceremony: check the powers of tau, make each circuit's initial proving key.")
  .requiredOption("--ptau-hash <blake2b512>", "hash of that file, from a source that you trust; checked against the published one as well")
  .option("--other-ceremony", "the file is not of the published ceremony: its contributions are verified instead, which takes long")
  .option("--circuits <names>", "names separated by commas, or all that this build pins", parseCircuits, PINNED_CIRCUITS)
  .addHelpText("after", "\nInterrupted, it goes on with what is missing.\n\nExample:\n  veritee setup start --ceremony ./ceremony --ptau powersOfTau28_hez_final_16.ptau --ptau-hash 6a6277a2f74e1073...")
  .action(async (o: StartOptions) => {
    const circuits = await compiledCircuits(o.circuits);
    const bars = ceremonyBars();
    const ceremony = await startCeremony({
      folder: o.ceremony, circuits, onStep: bars.show,
      ptau: { path: o.ptau, blake2b512: o.ptauHash, otherCeremony: o.otherCeremony ?? false },
    }).finally(bars.end);
    createOutput(o.json ?? false).result(ceremony, () => [
      `powers of tau: power ${ceremony.ptau.power}, ${ceremony.ptau.published ? "the published file" : "ANOTHER CEREMONY'S file, which verifies"}`,
      ...ceremony.circuits.map((c) => `${c.circuit.padEnd(24)} ${c.constraints} constraints`),
      `begun in ${o.ceremony}: now each participant runs \`veritee setup contribute\` on this folder, one after the other`,
    ]);
  });

const rounds = ({ round, name, hashes }: RoundResult): string[] => [
  `round ${round}: ${name}`,
  ...hashes.map(({ circuit, hash }) => `${circuit.padEnd(24)} ${hash}`),
];

const addContribution = (): Command => inFolder("contribute")
  .description("Add your secret to every circuit's key. The secret is made of the system's random numbers and is not kept.")
  .requiredOption("--name <name>", "who contributes; stands in the keys for ever")
  .option("--text <text>", "something of your own, mixed into the system's random numbers")
  .addHelpText("after", "\nPublish the hashes it prints: they show that the final parameters hold your contribution. Interrupted, it goes on under the same name.\n\nExample:\n  veritee setup contribute --ceremony ./ceremony --name \"Alice, Example Bank\"")
  .action(async (o: ContributeOptions) => {
    const bars = ceremonyBars();
    const result = await contribute({ folder: o.ceremony, name: o.name, ...(o.text === undefined ? {} : { text: o.text }), onStep: bars.show }).finally(bars.end);
    createOutput(o.json ?? false).result(result, () => [...rounds(result), "keep and publish these hashes"]);
  });

const beacon = (): Command => inFolder("beacon")
  .description("End the chain with public randomness that nobody could know before, announced in advance. Comes last.")
  .requiredOption("--beacon <hex>", "the randomness, 32 to 255 bytes", parseBeacon)
  .option("--iterations <log2>", "hash it 2^n times", parseIterations, BEACON_ITERATIONS.least)
  .option("--name <name>", "where it is from", "beacon")
  .addHelpText("after", "\nExample:\n  veritee setup beacon --ceremony ./ceremony --beacon 7f3c... --iterations 20 --name \"drand round 9000000\"")
  .action(async (o: BeaconOptions) => {
    const bars = ceremonyBars();
    const result = await applyBeacon({ folder: o.ceremony, name: o.name, beacon: { value: o.beacon, iterationsLog2: o.iterations }, onStep: bars.show }).finally(bars.end);
    createOutput(o.json ?? false).result(result, () => rounds(result));
  });

async function judge(o: VerifyOptions, final: boolean): Promise<CeremonyReport> {
  const bars = ceremonyBars();
  const circuits = PINNED_CIRCUITS.map(ceremonyRecord);
  return verifyCeremony({ folder: o.ceremony, ptau: o.ptau, ptauHash: o.ptauHash, circuits, final, onStep: bars.show }).finally(bars.end);
}

const words = ({ ok, final, checks }: CeremonyReport): string[] => [
  ok ? `VERIFIED ${final ? "as final parameters" : "as a ceremony under way"}: all ${checks.length} checks passed` : `REFUSED: ${checks.filter((c) => !c.ok).length} of ${checks.length} checks failed`,
  ...checks.map((c) => `${c.ok ? "pass" : "FAIL"}  ${`${c.circuit} ${c.name}`.trim()}: ${c.detail}`),
];

const verify = (): Command => withPtau(inFolder("verify"))
  .description("Verify a ceremony from its beginnings: powers of tau, circuits as this build pins them, every contribution.")
  .option("--ptau-hash <blake2b512>", "hash of that file, from a source that you trust; that of the ceremony's folder when left out")
  .option("--final", "judge as final parameters: a beacon must end the chain; prints the transcript's digest")
  .addHelpText("after", "\nExit code 0 when every check passed, 1 otherwise. Takes as long as `start`.\n\nExample:\n  veritee setup verify --ceremony ./ceremony --ptau powersOfTau28_hez_final_16.ptau --final")
  .action(async (o: VerifyOptions) => {
    const report = await judge(o, o.final ?? false);
    const digest = report.ok && report.final ? { transcriptSha256: transcriptSha256(transcriptOf(report)) } : {};
    const { ok, final, checks } = report;
    createOutput(o.json ?? false).result({ ok, final, checks, ...digest }, () => [...words(report), ...Object.values(digest).map((d) => `transcript SHA-256 ${d}`)]);
    process.exitCode = ok ? EXIT.ok : EXIT.negative;
  });

const finish = (): Command => withPtau(inFolder("finish"))
  .description("Verify a ceremony as final, then write its transcript, the parameters file, and the proving keys.")
  .option("--ptau-hash <blake2b512>", "hash of that file, from a source that you trust; that of the ceremony's folder when left out")
  .option("--out <dir>", "write to this folder; `final` in the ceremony's when left out")
  .addHelpText("after", "\nExit code 1, and nothing written, when a check fails.\n\nExample:\n  veritee setup finish --ceremony ./ceremony --ptau powersOfTau28_hez_final_16.ptau --out ./production")
  .action(async (o: FinishOptions) => {
    const out = createOutput(o.json ?? false);
    const report = await judge(o, true);
    if (!report.ok) {
      out.result({ ok: false, checks: report.checks }, () => words(report));
      process.exitCode = EXIT.negative;
      return;
    }
    const finished = await finishCeremony(o.ceremony, report, o.out ?? join(o.ceremony, "final"));
    out.result({ ok: true, ...finished }, () => [
      ...words(report), `transcript ${finished.transcriptFile}, SHA-256 ${finished.transcriptSha256}`, `parameters ${finished.parametersFile}: publish both`,
    ]);
  });

const install = (): Command => new Command("install")
  .description("Put a ceremony's proving keys where the provers of this installation look for them.")
  .argument("<parameters>", "the parameters file")
  .option("--from <dir>", "folder of the proving keys; `artefacts` beside the file when left out")
  .option("--json", "print as JSON")
  .addHelpText("after", "\nExample:\n  veritee setup install ./production/parameters.json")
  .action(async (file: string, o: { from?: string; json?: boolean }) => {
    const installed = await installKeys(await openParameters({ parameters: file }), o.from ?? artefactsBeside(file));
    createOutput(o.json ?? false).result({ installed }, () => installed.map((k) => `${k.circuit.padEnd(24)} ${k.file}`));
  });
