import { verifyOnLedger } from "../../../src/chain/disclosure.js";
import { VeriteeError } from "../../../src/protocol/errors.js";
import { pointsPacking } from "../../../src/protocol/commitments.js";
import { disclosureToJson } from "../../../src/protocol/disclosure-file.js";
import { DISCLOSURE_SIGNALS, disclosureSignals, type Claim, type DisclosureContext } from "../../../src/protocol/disclosure.js";
import type { Field } from "../../../src/protocol/field.js";
import { partyKey } from "../../../src/protocol/ids.js";
import type { Disclosure } from "../../../src/protocol/objects/disclosure.js";
import { disclosureInput, type OpenedCommitment } from "../../../src/programs/disclosure-input.js";
import type { CircuitInput } from "../../../src/proofs/prover.js";
import { proofToWire } from "../../../src/proofs/codec.js";
import { pinnedKeyOf } from "../../../src/proofs/pinned-key.js";
import { verifyDisclosure } from "../../../src/verifier/verify-disclosure.js";
import { CHAIN_ID } from "../ground.js";
import { ANCHORS } from "../liar.js";
import type { Draw } from "../draw.js";
import { forged, rerandomised } from "../points.js";
import { ACCEPTED, refusedBy, type AttackClass, type Verdict } from "../play.js";
import { binding } from "../parties.js";
import type { Stage } from "../stage.js";
import { once } from "../statements.js";
import { judgeInput, proofOfFalseWitness } from "../witnesses.js";

const RECIPIENT = "Bank of Examples";

/** False claims about a result that is on the ledger. */
export function disclosureLies(stage: Stage, { twinEvery }: { twinEvery: number }): AttackClass {
  const { ground, parties } = stage;
  const { deployment, reader, chain } = ground;
  const done = stage.score("done");
  const { result } = done;
  const now = stage.minedDone.blockTime;
  const NOTHING: Claim = { scoreAtLeast: undefined, gradeAtMost: undefined, owner: undefined, model: undefined };
  const context: DisclosureContext = { chainId: CHAIN_ID, ledger: deployment.receiptLedger, jobBinding: binding(done.job), recipient: RECIPIENT, expiresAt: now + 100_000 };
  const opened: OpenedCommitment = {
    grade: { ...result, job: binding(done.job), termsAmount: Number(result.termsAmount) },
    detail: { model: result.modelCommitment, points: pointsPacking(result.features.map((f) => f.points)), score: result.score, detailSalt: result.detailSalt },
  };
  const trueClaim: Claim = { ...NOTHING, scoreAtLeast: result.score, gradeAtMost: result.gradeIndex };
  const made = once(async (): Promise<Disclosure> => {
    const { input } = disclosureInput(result.resultCommitment, opened, trueClaim, context);
    const { proof } = await stage.prover.prove("disclose", input);
    const { sha256, development } = pinnedKeyOf("disclose");
    return { context, claim: trueClaim, resultCommitment: result.resultCommitment, proof: proofToWire(proof), verificationKeySha256: sha256, developmentParameters: development };
  });
  const good = () => made("disclosure");
  let asked = 0;

  /** As a recipient on the chain; now and then as one off it, with its node: they must agree. */
  async function judge(told: Disclosure): Promise<Verdict> {
    const onChain = await refusal(told);
    if (asked++ % twinEvery === 0) {
      const report = await verifyDisclosure(disclosureToJson(told), {
        recipient: told.context.recipient, now,
        verify: { anchors: ANCHORS, allowDevelopmentParameters: true, chain: reader, knownLedger: { chainId: CHAIN_ID, receiptLedger: deployment.receiptLedger } },
      });
      if (report.ok !== (onChain === undefined)) throw new Error(`disclosure: contract and verifier differ: ${onChain ?? "accepted"}, ${report.ok}`);
    }
    return onChain === undefined ? ACCEPTED : refusedBy(`disclosure verifier: ${onChain}`);
  }
  async function refusal(told: Disclosure): Promise<string | undefined> {
    try {
      await verifyOnLedger({ rpcUrl: chain.rpcUrl, chainId: CHAIN_ID }, deployment.disclosureVerifier as never, told);
      return undefined;
    } catch (error) {
      if (!(error instanceof VeriteeError) || error.facts["reason"] === undefined) throw error;
      return String(error.facts["reason"]);
    }
  }
  function falseClaim(draw: Draw): Claim {
    const scoreAtLeast = result.score + 1 + draw.int(draw.pick([1, 10, 1000]));
    const better = result.gradeIndex - 1 - draw.int(3);
    return draw.pick<() => Claim>([
      () => ({ ...trueClaim, scoreAtLeast }),
      () => ({ ...NOTHING, scoreAtLeast }),
      () => (result.gradeIndex === 0 ? { ...trueClaim, scoreAtLeast } : { ...trueClaim, gradeAtMost: Math.max(0, better) }),
      () => ({ ...trueClaim, model: draw.pick([parties.lenient.commitment, draw.field()]) }),
      () => ({ ...trueClaim, owner: partyKey(draw.pick([parties.other, parties.platform]).signing.publicKey) }),
    ])();
  }
  /** The circuit asked past our own refusal to make a false claim. */
  function falseInput(draw: Draw): CircuitInput {
    const { input } = disclosureInput(result.resultCommitment, opened, trueClaim, context);
    const claim = falseClaim(draw);
    const signals = disclosureSignals(result.resultCommitment, claim, context);
    const lie = { ...input, ...Object.fromEntries(DISCLOSURE_SIGNALS.map((name, i) => [name, signals[i] as Field])) };
    const score = input["score"] as bigint;
    return draw.pick<() => CircuitInput>([
      () => lie, () => lie, () => ({ ...lie, score: score + 1n + BigInt(draw.int(500)) }), () => ({ ...lie, grade: 0n, score: (1n << 20n) - 1n }),
      () => ({ ...lie, detailModel: signals[4] as bigint }), () => ({ ...input, K: draw.field() }), () => ({ ...input, detail: draw.field() }),
    ])();
  }

  return {
    name: "disclosures",
    weight: 9,
    controls: {
      "a true claim": async () => judge(await good()),
      "in another form": async () => { const g = await good(); return judge({ ...g, proof: rerandomised(g.proof, { field: () => 5n } as never) }); },
    },
    moves: [
      { name: "a false claim with the proof of a true one", share: 40, attempt: async (draw) => {
        const g = await good();
        const claim = falseClaim(draw);
        return judge({ ...g, claim, proof: draw.int(2) === 0 ? g.proof : rerandomised(g.proof, draw) });
      } },
      { name: "made out to another recipient, until later, about another job, ledger or result", share: 40, attempt: async (draw) => {
        const g = await good();
        const other = draw.pick<() => Partial<Disclosure>>([
          () => ({ context: { ...context, recipient: `Bank ${draw.int(1_000_000)}` } }),
          () => ({ context: { ...context, expiresAt: context.expiresAt + 1 + draw.int(1_000_000) } }),
          () => ({ context: { ...context, expiresAt: now - 1 - draw.int(1000) } }),
          () => ({ context: { ...context, jobBinding: draw.pick([binding(parties.jobs.open), draw.field()]) } }),
          () => ({ context: { ...context, chainId: 1 + draw.int(1000) } }),
          () => ({ context: { ...context, ledger: deployment.datasetRegistry } }),
          () => ({ resultCommitment: draw.pick([stage.score("open").built.opened.result, draw.field()]) }),
          () => ({ context: { ...context, jobBinding: binding(parties.jobs.open) }, resultCommitment: stage.score("open").built.opened.result }),
        ])();
        return judge({ ...g, ...other, proof: draw.int(2) === 0 ? g.proof : rerandomised(g.proof, draw) });
      } },
      { name: "forged from proofs", share: 25, attempt: async (draw) => {
        const [g, open] = [await good(), await stage.told("open")];
        const claim = draw.int(2) === 0 ? g.claim : { ...trueClaim, scoreAtLeast: result.score + 1 + draw.int(100) };
        return judge({ ...g, claim, proof: draw.int(5) === 0 ? open.proof : forged(draw, g.proof, open.proof) });
      } },
      { name: "prover run on a false witness", share: 2, most: 20, attempt: async (draw) => {
        const g = await good();
        const claim = falseClaim(draw);
        const { input } = disclosureInput(result.resultCommitment, opened, trueClaim, context);
        const signals = disclosureSignals(result.resultCommitment, claim, context);
        const proof = await proofOfFalseWitness("disclose", input, Object.fromEntries(signals.map((s, i) => [i + 1, s])), () => draw.field());
        return judge({ ...g, claim, proof });
      } },
      { name: "input of the circuit", share: 8, most: 150, attempt: (draw) => judgeInput("disclose", falseInput(draw)) },
      { name: "our own software asked for a false claim", share: 8, attempt: async (draw) => {
        const claim = falseClaim(draw);
        try {
          disclosureInput(result.resultCommitment, opened, claim, context);
          return ACCEPTED;
        } catch (error) {
          if (error instanceof VeriteeError) return refusedBy(`disclosure input: ${error.code}`);
          throw error;
        }
      } },
    ],
  };
}
