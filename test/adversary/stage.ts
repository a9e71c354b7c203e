// Everything that the classes of lies share: the parties, the ledger, the judges, and the statements that are truly proved.
import type { Bytes } from "../../src/protocol/bytes.js";
import { endorseDigest, signLedger } from "../../src/protocol/ledger-digest.js";
import type { DatasetProof } from "../../src/protocol/objects/index.js";
import type { IngestPlan } from "../../src/programs/ingest.js";
import type { MerklePath } from "../../src/programs/score-input.js";
import type { SmeInvoiceAggregates } from "../../src/programs/sme-invoice/aggregates.js";
import { terminate } from "../../src/prover/engine.js";
import { pinnedProver } from "../proofs/harness.js";
import { seeded } from "../contracts/harness/rng.js";
import { CHAIN_ID, openGround } from "./ground.js";
import { makeParties, program, type Job, type Model, type Sealed } from "./parties.js";
import { receiptJudge, type Told } from "./receipts.js";
import { ingestSource, leafOf, once, proveScore, proveWhole, scoreOf, type ProvedScore, type Score } from "./statements.js";

export type Stage = Awaited<ReturnType<typeof openStage>>;
export type Aggregates = SmeInvoiceAggregates;

/** As good as records could be. */
export const embellished = (a: Aggregates): Aggregates => ({
  ...a, sales: a.sales.map((_, m) => 2_000_000_00 + m * 100), margins: a.margins.map(() => 1_000_000_00), voidSales: 0,
  allSales: a.validSales, suppliers: 200, largestCustomer: 1_000_000_00,
});

interface Subject {
  readonly job: Job;
  readonly dataset: Sealed;
  readonly path: MerklePath;
  readonly model?: Model;
}

export async function openStage(seed: string, options: { twinEvery: number }) {
  const parties = await makeParties(seed);
  const { datasets, jobs, model, lenient } = parties;
  const rng = seeded(`${seed}: stage`);
  const prover = await pinnedProver(["score-sme-invoice", "ingest-sme-invoice", "dataset-sme-invoice", "disclose"]);

  // A leaf that says of the owner's records what the liar would like them to say.
  const evilParts = { ...datasets.asked.parts, aggregates: embellished(datasets.asked.parts.aggregates as Aggregates), aggregateSalt: rng.bytes(31) };
  const evilLeaf = leafOf(evilParts);
  const evil: Sealed = { ...datasets.asked, parts: evilParts };

  const plans = { asked: program.ingest(ingestSource(datasets.asked)), endorsed: program.ingest(ingestSource(datasets.endorsed)) };
  const askedProof = await proveWhole(prover, plans.asked, { sourceClass: 0, sourceKey: datasets.asked.parts.sourceKey });
  const ground = await openGround(seed, parties, evilLeaf, askedProof);
  const receipts = receiptJudge(parties, ground, options);
  const { paths } = ground;

  const changed = (name: string, card: Model["card"]): Model => ({ ...model, card: { ...card, name } });
  const features = (f: (x: Model["card"]["features"][number], j: number) => Partial<Model["card"]["features"][number]>): Model["card"] =>
    ({ ...model.card, features: model.card.features.map((x, j) => ({ ...x, ...f(x, j) })) });
  const open = { job: jobs.open, dataset: datasets.asked, path: paths.asked };
  /** True statements; those about something else than what was asked for are the best lies that a proof exists for. */
  const subjects: Readonly<Record<string, Subject>> = {
    done: { ...open, job: jobs.done },
    open,
    demanding: { ...open, job: jobs.demanding, path: paths.askedProved },
    unprovedForDemanding: { ...open, job: jobs.demanding },
    evil: { ...open, dataset: evil, path: paths.evil },
    stranger: { ...open, dataset: datasets.stranger, path: paths.stranger },
    later: { ...open, dataset: datasets.later, path: paths.later },
    otherDay: { ...open, dataset: datasets.otherDay, path: paths.otherDay },
    endorsed: { ...open, dataset: datasets.endorsed, path: paths.endorsed },
    withdrawn: { ...open, dataset: datasets.withdrawn, path: paths.withdrawn },
    beforeRevocation: { ...open, path: paths.beforeRevocation },
    beforeWindow: { ...open, path: paths.beforeWindow },
    points: { ...open, model: changed("points", features((x) => ({ points: x.points.map(() => Math.max(...x.points)) }))) },
    edges: { ...open, model: changed("edges", features((x) => ({ edges: x.edges.map((_, i) => i) }))) },
    thresholds: { ...open, model: changed("thresholds", { ...model.card, grades: model.card.grades.map((g, i) => ({ ...g, minScore: 243 - i })) }) },
    base: { ...open, model: changed("base", { ...model.card, base: 400 }) },
    lenient: { ...open, model: lenient },
  };
  const salts = new Map<string, { gradeSalt: Bytes; detailSalt: Bytes }>();
  const score = (name: string): Score => {
    const { job, dataset, path, model: m = model } = subjects[name] as Subject;
    const known = salts.get(name) ?? { gradeSalt: rng.bytes(31), detailSalt: rng.bytes(31) };
    salts.set(name, known);
    return scoreOf(job, dataset, m, { path, ...known });
  };
  const proved = once((name): Promise<ProvedScore> => proveScore(prover, score(name)));
  const told = async (name: string): Promise<Told> => {
    const { job, signals, proof, result } = await proved(name);
    return { job, signals, proof, result, ...(name === "demanding" ? { statement: { datasetProved: true } } : {}) };
  };

  // One job has its receipt, as most have that a liar would like to change.
  const done = await told("done");
  const minedDone = await ground.sender.submitReceipt({ ...done.signals, program: program.id, proof: done.proof, ledgerSignature: receipts.rawOf(done).signature });

  const endorse = (leaf: DatasetProof["leaf"], key = parties.bankKey, programId = program.id): Bytes =>
    signLedger(endorseDigest({ chainId: CHAIN_ID, contract: ground.deployment.sourceRegistry }, programId, leaf), key);
  const provedDataset: (name: string) => Promise<DatasetProof> = once(async (name) => {
    if (name === "asked") return askedProof;
    const { plan, said } = datasetSubject(name);
    return proveWhole(prover, plan, said, name === "copied" ? (await provedDataset("endorsed")).chunks : []);
  });
  /** The endorsed dataset; the same with records taken away or added, or in another owner's name, under its endorsement. */
  function datasetSubject(name: string): { plan: IngestPlan; said: Pick<DatasetProof, "sourceClass" | "sourceKey" | "endorsement"> } {
    const { endorsed } = datasets;
    const said = { ...parties.bank, endorsement: endorse(plans.endorsed.leaf) };
    if (name === "endorsed") return { plan: plans.endorsed, said };
    // The same records and salts, told to be another owner's: the steps are the very same, the leaf is not.
    if (name === "copied") return { plan: program.ingest(ingestSource(endorsed, { owner: datasets.stranger.parts.owner })), said };
    return { plan: editedPlan(endorsed, name), said };
  }
  function editedPlan(sealed: Sealed, how: string): IngestPlan {
    const records = sealed.opened.records.map((r) => ({ ...r }));
    const edited = how === "trimmed" ? records.filter((r) => r.direction === 0).slice(0, 30)
      : [...records.filter((r) => r.direction === 0), ...records.filter((r) => r.direction === 0).slice(0, 5).map((r) => ({ ...r, amount: 5_000_000_00 }))];
    const canonical = program.canonical(edited, sealed.parts.terms);
    let at = 0;
    const chunks = program.cut(canonical).map((length, i) => ({ index: i + 1, records: canonical.slice(at, (at += length)), salt: rng.bytes(31) }));
    return program.ingest(ingestSource(sealed, { chunks }));
  }

  return {
    seed, parties, ground, receipts, prover, plans, score, proved, told, done, minedDone, endorse, provedDataset, evilLeaf,
    close: async () => {
      await ground.stop();
      await terminate();
    },
  };
}
