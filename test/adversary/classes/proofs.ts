import { R } from "../../../src/protocol/field.js";
import type { ProofBytes } from "../../../src/protocol/objects/index.js";
import { ledgerProgramId } from "../../../src/protocol/ledger-digest.js";
import { proofWords } from "../../../src/chain/encode.js";
import { Q } from "../../../src/proofs/codec.js";
import { forged, rerandomised } from "../points.js";
import type { AttackClass } from "../play.js";
import { program } from "../parties.js";
import { wordsOf, type Raw } from "../receipts.js";
import type { Stage } from "../stage.js";

/** Honest proofs in another form or place: replayed, re-randomised, bent, of other circuits. */
export function proofLies(stage: Stage): AttackClass {
  const { receipts, told } = stage;
  /** In the contract's words and signed as they are. */
  const raw = (signals: readonly bigint[], proof: readonly bigint[], programId = ledgerProgramId(program.id)): Raw =>
    ({ programId, signals, proof, signature: receipts.signed(programId, signals) });
  const otherCircuits = async (): Promise<readonly ProofBytes[]> => {
    const { chunks, dataset } = await stage.provedDataset("asked");
    return [...chunks, dataset];
  };

  return {
    name: "proofs replayed, bent, swapped",
    weight: 10,
    controls: {
      "another form of an honest proof, for the same result": async () => {
        const honest = await told("open");
        return receipts.judge({ ...honest, proof: rerandomised(honest.proof, { field: () => 7n } as never) });
      },
    },
    moves: [
      { name: "a receipt sent again, re-randomised or not", share: 12, attempt: async (draw) => {
        const done = await told("done");
        return receipts.judge({ ...done, proof: draw.int(3) === 0 ? done.proof : rerandomised(done.proof, draw) });
      } },
      { name: "re-randomised under other signals", share: 20, attempt: async (draw) => {
        const honest = await told(draw.pick(["open", "demanding"]));
        const words = wordsOf(honest.signals);
        const at = 1 + draw.int(4);
        return receipts.judgeRaw(raw(words.map((w, i) => (i !== at ? w : at > 2 ? w + BigInt(1 + draw.int(5)) : draw.field())), proofWords(rerandomised(honest.proof, draw))));
      } },
      { name: "forged from honest proofs", share: 40, attempt: async (draw) => {
        const [p, q] = [await told("open"), await told(draw.pick(["done", "demanding"]))];
        return receipts.judge({ ...p, proof: forged(draw, p.proof, q.proof) });
      } },
      { name: "a signal plus r, or out of range", share: 16, attempt: async (draw) => {
        const honest = await told("open");
        const at = draw.int(5);
        return receipts.judgeRaw(raw(wordsOf(honest.signals).map((w, i) => (i === at ? w + R * BigInt(1 + draw.int(4)) : w)), proofWords(honest.proof)));
      } },
      { name: "coordinates beyond the field", share: 16, attempt: async (draw) => {
        const honest = await told("open");
        const at = draw.int(8);
        return receipts.judgeRaw(raw(wordsOf(honest.signals), proofWords(honest.proof).map((w, i) => (i === at ? draw.pick([w + Q, 0n, Q, w ^ (1n << BigInt(draw.int(250)))]) : w))));
      } },
      { name: "a proof of another circuit", share: 10, attempt: async (draw) => {
        const honest = await told("open");
        return receipts.judge({ ...honest, proof: rerandomised(draw.pick(await otherCircuits()), draw) });
      } },
      { name: "a result of zero, which would free the job again", share: 4, attempt: async (draw) => {
        const honest = await told(draw.pick(["open", "done", "demanding"]));
        return receipts.judgeRaw(raw(wordsOf(honest.signals).map((w, i) => (i === 1 ? 0n : w)), proofWords(honest.proof)));
      } },
    ],
  };
}
