import { randomBytes } from "node:crypto";
import { disclosureInput } from "../src/programs/disclosure-input.js";
import { artefactsOf } from "../src/proofs/artefacts.js";
import { proofToWire } from "../src/proofs/codec.js";
import { pinnedKeyOf } from "../src/proofs/pinned-key.js";
import { verifyProof } from "../src/proofs/verify.js";
import { toHex } from "../src/protocol/bytes.js";
import { detailPart, gradePart, leaf, ownerField, resultCommitment } from "../src/protocol/commitments.js";
import { disclosureToJson } from "../src/protocol/disclosure-file.js";
import { field, fieldFromSalt } from "../src/protocol/field.js";
import { hexId, idBytes, partyKey, type LedgerAddress } from "../src/protocol/ids.js";
import { artefactsIn } from "../src/prover/artefact-files.js";
import { terminate } from "../src/prover/engine.js";
import { snarkjsProver } from "../src/prover/groth16.js";
import { figure, fixed, times, type Figures } from "./figures.js";

const RUNS = 7;
const salt = (): Uint8Array => Uint8Array.from(randomBytes(31));
const random = () => fieldFromSalt(salt());

/** A disclosure of score, grade, owner and model: proof, check and file. Warm. */
export async function benchDisclosure(artefacts: string): Promise<Figures> {
  const owner = partyKey(toHex(salt()).padEnd(64, "0"));
  const parts = { programTag: 101n, owner: ownerField(idBytes(owner)), sourceClass: 0, sourceKey: field(0), asOfDay: 19_000, termsAmount: 0, datasetRoot: random(), aggregates: random() };
  const grade = { job: random(), leaf: leaf(parts), asOfDay: parts.asOfDay, termsAmount: parts.termsAmount, gradeIndex: 1, gradeSalt: salt() };
  const detail = { model: random(), points: random(), score: 612, detailSalt: salt() };
  const result = resultCommitment(gradePart(grade), detailPart(detail));
  const claim = { scoreAtLeast: 600, gradeAtMost: 1, owner, model: detail.model };
  const context = { chainId: 1, ledger: hexId<LedgerAddress>("0c".repeat(20), 20, "ledger"), jobBinding: grade.job, recipient: "Bank of Examples", expiresAt: 2_000_000_000 };
  const { input, signals } = disclosureInput(result, { grade, detail, leaf: parts }, claim, context);

  const prover = snarkjsProver(artefactsIn(artefacts));
  const { proof } = await prover.prove("disclose", input);
  const proved = await times(RUNS, () => prover.prove("disclose", input));
  await terminate();
  const { key, sha256, development } = pinnedKeyOf("disclose");
  verifyProof(key, signals, proof);
  const { a, b, c } = proofToWire(proof);
  const file = disclosureToJson({ context, claim, resultCommitment: result, proof: { a, b, c }, verificationKeySha256: sha256, developmentParameters: development });
  return {
    "constraints.disclose": fixed(artefactsOf("disclose").constraints, "constraints"),
    "time.prove.disclose": figure(proved, "ms"),
    "time.verify.disclose": figure(await times(RUNS, () => verifyProof(key, signals, proof)), "ms"),
    "size.disclosure": fixed(JSON.stringify(file, null, 2).length, "B"),
  };
}
