// Promise 2 as a whole: a worker with full control of its TEE, which knows every plaintext and salt of its jobs, has keys that are
// attested and registered, and sends what it likes to whom it likes, gets no wrong result accepted. docs/adversary.md says what
// is tried; VERITEE_ADVERSARY_ATTEMPTS sets how often (`npm run test:adversary`: 10,000).
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { aggregateLies } from "./classes/aggregates.js";
import { batchLies } from "./classes/batch.js";
import { datasetProofLies } from "./classes/dataset-proofs.js";
import { datasetLies } from "./classes/dataset.js";
import { disclosureLies } from "./classes/disclosures.js";
import { ingestLies } from "./classes/ingest.js";
import { keyLies } from "./classes/keys.js";
import { modelLies } from "./classes/model.js";
import { proofLies } from "./classes/proofs.js";
import { rootLies } from "./classes/roots.js";
import { drawFrom } from "./draw.js";
import { play, split, tableOf, type AttackClass, type Tally } from "./play.js";
import { embellished, openStage, type Aggregates, type Stage } from "./stage.js";
import { signalsOf } from "./statements.js";
import { consistent, scoreOfAggregates } from "./told.js";

const SHORT = 300;
const ATTEMPTS = Number(process.env["VERITEE_ADVERSARY_ATTEMPTS"] ?? SHORT);
const SEED = process.env["VERITEE_ADVERSARY_SEED"] ?? "adversary";
/** The short form makes few proofs of its own. */
const full = ATTEMPTS >= 2000;
const twinEvery = 25;
const HOUR = 3_600_000;

type Maker = (stage: Stage, options: { twinEvery: number }) => AttackClass;
const CLASSES: Readonly<Record<string, Maker>> = {
  keys: keyLies, aggregates: aggregateLies, model: modelLies, dataset: datasetLies, datasetProofs: datasetProofLies, ingest: ingestLies,
  roots: rootLies, proofs: proofLies, batches: batchLies, disclosures: disclosureLies,
};

let stage: Stage;
const tallies: Tally[] = [];
beforeAll(async () => void (stage = await openStage(SEED, { twinEvery })), HOUR);
afterAll(async () => {
  await stage?.close();
  console.log(`seed ${SEED}\n${tableOf(tallies)}`);
});

describe.each(Object.entries(CLASSES))("%s", (name, make) => {
  it("an honest worker is accepted", async () => {
    const { controls } = make(stage, { twinEvery });
    expect(Object.keys(controls).length).toBeGreaterThan(0);
    for (const [control, attempt] of Object.entries(controls)) expect(await attempt(), control).toEqual({ accepted: true, by: "" });
  }, HOUR);

  it("no lie is accepted", async () => {
    const attack = make(stage, { twinEvery });
    const weights = Object.values(CLASSES).map((m) => ({ share: m(stage, { twinEvery }).weight }));
    const attempts = split(ATTEMPTS, weights)[Object.keys(CLASSES).indexOf(name)] as number;
    const started = performance.now();
    const tally = await play(attack, attempts, drawFrom(`${SEED}: ${name}`), { full });
    tallies.push(tally);
    console.log(`${attack.name}: ${tally.attempts} attempts, ${Math.round((performance.now() - started) / 1000)} s`);
    expect(tally.accepted).toEqual([]);
    expect(tally.attempts).toBe(attempts);
    expect([...tally.refusedBy.values()].reduce((a, b) => a + b, 0)).toBe(attempts);
  }, HOUR);
});

describe("the play notices when a check is gone", () => {
  it("without the proof check, aggregates of the liar's choice are accepted", async () => {
    const draw = drawFrom(`${SEED}: blind`);
    const honest = await stage.told("open");
    const { asked } = stage.parties.datasets;
    const lie = scoreOfAggregates(stage, draw, embellished(asked.parts.aggregates as Aggregates), stage.ground.paths.asked);
    const told = consistent({ ...honest, signals: { ...signalsOf(lie), registryRoot: stage.ground.paths.asked.root } }, { ...lie.result, leaf: asked.manifest.value.leaf });
    expect(told.result.score).toBeGreaterThan(honest.result.score);
    expect(await stage.receipts.blindJudge(told, { proof: true })).toEqual({ accepted: true, by: "" });
    expect(await stage.receipts.blindJudge(told, {})).toEqual({ accepted: false, by: "ledger: ProofInvalid" });
    expect(await stage.receipts.judge(told)).toEqual({ accepted: false, by: "ledger: ProofInvalid" });
  }, HOUR);

  it("without the platform's own checks, a leaf of the liar's making is accepted", async () => {
    const evil = await stage.told("evil");
    expect(await stage.receipts.blindJudge(evil, { opening: true })).toEqual({ accepted: true, by: "" });
    expect(await stage.receipts.judge(evil)).toEqual({ accepted: false, by: "opening: leaf" });
  }, HOUR);

  it("the ledger and its twin were compared", () => expect(stage.receipts.comparisons()).toBeGreaterThan(5));
});
