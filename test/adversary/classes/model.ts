import { detailPart, gradePart, pointsPacking, resultCommitment } from "../../../src/protocol/commitments.js";
import type { EnterpriseResult, PlatformResult } from "../../../src/protocol/objects/index.js";
import { forEnterprise } from "../../harness/result-double.js";
import { binding } from "../parties.js";
import type { Draw } from "../draw.js";
import type { AttackClass } from "../play.js";
import type { Told } from "../receipts.js";
import type { Stage } from "../stage.js";
import { consistent } from "../told.js";
import { judgeInput } from "../witnesses.js";

/** Another model, or another outcome of the right one. */
export function modelLies(stage: Stage): AttackClass {
  const { receipts, told, parties } = stage;
  const grades = parties.model.card.grades;

  /** One part of what the platform is told, changed. */
  function spoilt(draw: Draw, r: PlatformResult): Partial<PlatformResult> {
    const j = draw.int(r.features.length);
    const by = draw.sign() * (1 + draw.int(draw.pick([1, 10, 200])));
    const feature = (change: (f: PlatformResult["features"][number]) => Partial<PlatformResult["features"][number]>): Partial<PlatformResult> =>
      ({ features: r.features.map((f, i) => (i === j ? { ...f, ...change(f) } : f)) });
    return draw.pick<() => Partial<PlatformResult>>([
      () => ({ score: r.score + by }),
      () => ({ gradeIndex: (r.gradeIndex + 1 + draw.int(3)) % 4 }),
      () => { const i = (r.gradeIndex + 1 + draw.int(3)) % 4; return { gradeIndex: i, grade: grades[i]?.grade ?? "" }; },
      () => ({ grade: `${r.grade}+` }),
      () => feature((f) => ({ points: f.points + by })),
      () => ({ ...feature((f) => ({ points: f.points + by })), score: r.score + by }),
      () => ({ reasons: r.reasons.slice(1) }),
      () => ({ reasons: [{ code: "LUCK", pointsLost: 1 }, ...r.reasons] }),
      () => ({ modelCommitment: draw.pick([parties.lenient.commitment, draw.field()]) }),
      () => ({ gradeSalt: draw.bytes(31) }),
      () => ({ detailSalt: draw.bytes(31) }),
      () => ({ resultCommitment: draw.field() }),
      () => ({ termsAmount: BigInt(1 + draw.int(1000)) }),
      () => ({ leaf: draw.field() }),
      () => ({ asOfDay: r.asOfDay + (by % 1000) }),
      () => ({ features: r.features.slice(1) }),
    ])();
  }
  /** What the platform's own model makes of other features: it finds nothing wrong with this but for the proof. */
  function otherFeatures(draw: Draw, r: PlatformResult): Partial<PlatformResult> {
    const bins = parties.model.card.features.map((f) => draw.int(f.points.length));
    const features = parties.model.card.features.map((f, j) => {
      const bin = bins[j] as number;
      return { name: f.name, value: bin === 0 ? 0 : f.edges[bin - 1] as number, points: f.points[bin] as number };
    });
    const score = features.reduce((sum, f) => sum + f.points, parties.model.card.base);
    const gradeIndex = grades.slice(0, -1).filter((g) => score < g.minScore).length;
    const reasons = parties.model.card.features.map((f, j) => ({ code: f.name.toUpperCase(), pointsLost: Math.max(...f.points) - (features[j]?.points ?? 0) }))
      .filter((x) => x.pointsLost > 0).sort((x, y) => y.pointsLost - x.pointsLost);
    if (score === r.score) return otherFeatures(draw, r);
    return { features, score, gradeIndex, grade: grades[gradeIndex]?.grade ?? "", reasons };
  }
  const provedUnder = (name: string, slow: boolean) => ({
    name: `truly proved under another model (${name})`, share: 6, slow,
    attempt: async (draw: Draw) => {
      const lie = await told(name);
      return receipts.judge(draw.int(3) === 0 ? lie : { ...lie, result: { ...lie.result, ...draw.pick<() => Partial<PlatformResult>>([
        () => ({ modelCommitment: parties.model.commitment }), () => spoilt(draw, lie.result), () => ({ modelCommitment: parties.model.commitment, ...spoilt(draw, lie.result) }),
      ])() } });
    },
  });

  return {
    name: "model, score, grade, K",
    weight: 17,
    controls: {
      "own model": async () => receipts.judge(await told("open")),
      "the enterprise's part": async () => { const honest = await told("open"); return receipts.judgeEnterprise(honest, forEnterprise(honest.result)); },
      "the result of the demanding job": async () => receipts.judge(await told("demanding")),
    },
    moves: [
      provedUnder("points", false), ...["edges", "thresholds", "base", "lenient"].map((name) => provedUnder(name, true)),
      { name: "opening edited under the right receipt", share: 40, attempt: async (draw) => {
        const honest = await told("open");
        return receipts.judge({ ...honest, result: { ...honest.result, ...spoilt(draw, honest.result) } });
      } },
      { name: "K of a result that hangs together, with the honest proof", share: 35, attempt: async (draw) => {
        const honest = await told("open");
        return receipts.judge(consistent(honest, otherFeatures(draw, honest.result)));
      } },
      { name: "K and openings exchanged between jobs", share: 20, attempt: async (draw) => {
        const [open, done, demanding] = [await told("open"), await told("done"), await told("demanding")];
        const [x, y] = draw.pick<readonly [Told, Told]>([[open, done], [open, demanding], [demanding, open], [done, open]]);
        return receipts.judge(draw.pick<() => Told>([
          () => ({ ...x, signals: { ...x.signals, resultCommitment: y.signals.resultCommitment }, result: y.result }),
          () => ({ ...x, signals: { ...y.signals, jobBinding: x.signals.jobBinding }, proof: y.proof, result: { ...y.result, job: x.job.id } }),
          () => ({ ...x, result: { ...y.result, job: x.job.id } }),
          () => ({ ...x, result: y.result }),
          () => ({ ...x, result: x.result, sealedFor: { job: y.job.id } }),
          () => ({ ...x, job: y.job }),
        ])());
      } },
      { name: "G of one result with F of another", share: 14, attempt: async (draw) => {
        const [open, other] = [stage.score("open"), stage.score(draw.pick(["done", "demanding", "points", "stranger", "evil"]))];
        const fake = draw.int(2) === 0;
        const g = fake ? gradePart({ ...open.result, job: binding(open.job), termsAmount: 0, gradeIndex: draw.int(4) }) : open.built.opened.gradePart;
        const f = draw.int(2) === 0 ? other.built.opened.detailPart
          : detailPart({ model: open.result.modelCommitment, points: pointsPacking(open.result.features.map((x) => x.points)), score: open.result.score + 1 + draw.int(300), detailSalt: draw.bytes(31) });
        const honest = await told("open");
        return receipts.judge({ ...honest, signals: { ...honest.signals, resultCommitment: resultCommitment(g, f) } });
      } },
      { name: "the enterprise's part edited", share: 12, attempt: async (draw) => {
        const honest = await told("open");
        const part = forEnterprise(honest.result);
        return receipts.judgeEnterprise(honest, { ...part, ...draw.pick<() => Partial<EnterpriseResult>>([
          () => ({ gradeIndex: (part.gradeIndex + 1 + draw.int(3)) % 4 }),
          () => ({ gradeIndex: (part.gradeIndex + 1 + draw.int(3)) % 4, gradeSalt: draw.bytes(31) }),
          () => ({ leaf: draw.pick([stage.evilLeaf, draw.field()]) }), () => ({ asOfDay: part.asOfDay - 1 - draw.int(1000) }), () => ({ termsAmount: BigInt(1 + draw.int(1000)) }),
          () => ({ detailCommitment: draw.field() }), () => ({ resultCommitment: draw.field() }), () => ({ job: parties.jobs.done.id }),
        ])() });
      } },
      { name: "input of the circuit", share: 3, most: 60, attempt: (draw) => {
        const { input } = stage.score("open").built;
        const at = (name: string, change: (v: bigint) => bigint) => {
          const list = input[name] as readonly bigint[];
          const i = draw.int(list.length);
          return { ...input, [name]: list.map((v, k) => (k === i ? change(v) : v)) };
        };
        return judgeInput("score-sme-invoice", draw.pick([
          () => at("bins", (v) => (v === 0n ? 1n : v - 1n)),
          () => at("modelCharacteristics", (v) => v + (1n << BigInt(150 + 16 * draw.int(6)))),
          () => ({ ...input, modelHeader: (input["modelHeader"] as bigint) + (1n << BigInt(20 * draw.int(6))) }),
          () => ({ ...input, modelSalt: draw.field() }),
          () => ({ ...input, K: draw.field() }),
          () => ({ ...input, gradeSalt: draw.field() }),
        ])());
      } },
    ],
  };
}
