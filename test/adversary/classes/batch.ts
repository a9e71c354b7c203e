import type { Submission } from "../../../src/chain/ports.js";
import { VeriteeError } from "../../../src/protocol/errors.js";
import { R, type Field } from "../../../src/protocol/field.js";
import { proofFromWire } from "../../../src/proofs/codec.js";
import { pinnedKeyOf } from "../../../src/proofs/pinned-key.js";
import { findInvalid, verifyBatch, type ProofItem } from "../../../src/proofs/verify-batch.js";
import { ledgerProgramId, signalList } from "../../../src/protocol/ledger-digest.js";
import type { Draw } from "../draw.js";
import { crossCancelling, forged, rerandomised } from "../points.js";
import { ACCEPTED, refusedBy, type AttackClass, type Verdict } from "../play.js";
import { program } from "../parties.js";
import { wordsOf, type Told } from "../receipts.js";
import type { Stage } from "../stage.js";

/** False proofs among good ones, and such as cancel each other out. */
export function batchLies(stage: Stage, { twinEvery }: { twinEvery: number }): AttackClass {
  const { ground, receipts, told } = stage;
  let asked = 0;
  const submission = (t: Told): Submission => ({
    ...t.signals, program: t.program ?? program.id, proof: t.proof,
    ledgerSignature: t.ledgerSignature ?? receipts.signed(ledgerProgramId(t.program ?? program.id), wordsOf(t.signals)),
  });

  /** By the ledger; now and then the library must judge the proofs alike, and the coordinator's search find a bad one. */
  async function judge(batch: readonly Told[]): Promise<Verdict> {
    const refusal = await ground.reader.refusalOfBatch(batch.map(submission));
    const reason = refusal?.reason ?? "";
    if ((reason === "" || reason === "ProofInvalid") && asked++ % twinEvery === 0) compare(batch, reason === "");
    return refusal === undefined ? ACCEPTED : refusedBy(`ledger batch: ${reason}`);
  }
  function compare(batch: readonly Told[], taken: boolean): void {
    const { key } = pinnedKeyOf("score-sme-invoice");
    const items = batch.map((t): ProofItem => ({ signals: signalList(t.signals), proof: proofFromWire(t.proof) }));
    let good = true;
    try {
      verifyBatch(key, items);
    } catch (error) {
      if (!(error instanceof VeriteeError)) throw error;
      good = false;
    }
    if (good !== taken || (findInvalid(key, items).length === 0) !== taken) throw new Error(`batch: ledger and library differ: ${taken}, ${good}`);
  }
  const pair = async (draw: Draw): Promise<[Told, Told]> => {
    const both: [Told, Told] = [await told("open"), await told("demanding")];
    return draw.int(2) === 0 ? both : [both[1], both[0]];
  };
  const shifted = (t: Told, by: Partial<Record<"resultCommitment" | "jobBinding" | "asOfDay", bigint>>): Told => ({
    ...t, signals: {
      ...t.signals,
      resultCommitment: ((t.signals.resultCommitment + (by.resultCommitment ?? 0n) + R) % R) as Field,
      jobBinding: ((t.signals.jobBinding + (by.jobBinding ?? 0n) + R) % R) as Field,
      asOfDay: t.signals.asOfDay + Number(by.asOfDay ?? 0n),
    },
  });

  return {
    name: "batches",
    weight: 7,
    controls: {
      "two good receipts": async () => judge([await told("open"), await told("demanding")]),
      "the same in the other order": async () => judge([await told("demanding"), await told("open")]),
      "one alone": async () => judge([await told("open")]),
    },
    moves: [
      { name: "two false proofs whose errors cancel", share: 30, attempt: async (draw) => {
        const [x, y] = await pair(draw);
        const [p, q] = crossCancelling(x.proof, y.proof, draw);
        return judge([{ ...x, proof: p }, { ...y, proof: q }]);
      } },
      { name: "two false statements whose errors cancel", share: 30, attempt: async (draw) => {
        const [x, y] = await pair(draw);
        const d = draw.field();
        const [a, b] = draw.pick([
          [{ resultCommitment: d }, { resultCommitment: -d }], [{ jobBinding: d }, { jobBinding: -d }], [{ asOfDay: BigInt(1 + draw.int(365)) }, {}],
          [{ resultCommitment: d, jobBinding: 1n }, { resultCommitment: -d, jobBinding: -1n }],
        ] as const);
        const back = "asOfDay" in a ? { asOfDay: -a.asOfDay } : b;
        return judge([shifted(x, a), shifted(y, back)]);
      } },
      { name: "one bad proof among good ones", share: 30, attempt: async (draw) => {
        const [x, y] = await pair(draw);
        return judge(draw.int(2) === 0 ? [{ ...x, proof: forged(draw, x.proof, y.proof) }, y] : [x, { ...y, proof: forged(draw, y.proof, x.proof) }]);
      } },
      { name: "proofs exchanged", share: 10, attempt: async (draw) => {
        const [x, y] = await pair(draw);
        return judge([{ ...x, proof: rerandomised(y.proof, draw) }, { ...y, proof: x.proof }]);
      } },
      { name: "a job twice", share: 15, attempt: async (draw) => {
        const [x, y] = await pair(draw);
        const again = { ...x, proof: rerandomised(x.proof, draw) };
        return judge(draw.pick([[x, again], [x, y, again], [x, { ...x, signals: { ...x.signals, resultCommitment: draw.field() } }]]));
      } },
      { name: "one with an old root, a finished job or a bad signature", share: 20, attempt: async (draw) => {
        const [x, y] = await pair(draw);
        const bad = draw.pick<() => Told>([
          () => ({ ...y, signals: { ...y.signals, registryRoot: draw.pick([stage.ground.paths.beforeWindow.root, draw.field()]) } }),
          () => ({ ...y, ledgerSignature: draw.bytes(65) }),
          () => ({ ...y, ledgerSignature: receipts.signed(ledgerProgramId(program.id), wordsOf(x.signals)) }),
        ])();
        return judge(draw.pick([[x, bad], [bad, x], [x, draw.int(2) === 0 ? bad : { ...(await told("done")) }]]));
      } },
    ],
  };
}
