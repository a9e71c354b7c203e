// An observer who knows both parties' data, or is one of them in another job, and wants to confirm a receipt: it recomputes what
// the chain shows. All that it lacks are the salts and nonces of that one job.
import { fromHex, type Bytes } from "../../../src/protocol/bytes.js";
import { detailPart, gradePart, jobBinding, pointsPacking, resultCommitment } from "../../../src/protocol/commitments.js";
import { fieldFromDigest, R, type Field } from "../../../src/protocol/field.js";
import { digest } from "../../../src/protocol/hash.js";
import { idBytes } from "../../../src/protocol/ids.js";
import { poseidon } from "../../../src/protocol/poseidon.js";
import { score } from "../../../src/programs/score.js";
import type { SeenReceipt } from "./chain.js";
import type { Play } from "./play.js";

/** Receipts whose K follows from some dataset and model that play has, under one of the guessed salts. */
export function confirmedResults(receipts: readonly SeenReceipt[], play: Play, guesses: readonly Bytes[]): SeenReceipt[] {
  const details = play.datasets.flatMap((dataset) => play.models.filter((m) => m.program === dataset.program).flatMap((model) => {
    const scoring = score(model.card, dataset.program.features(dataset.aggregates, dataset.terms));
    const points = pointsPacking(scoring.points);
    return guesses.map((salt) => ({
      dataset, gradeIndex: scoring.gradeIndex, salt, detail: detailPart({ model: model.commitment, points, score: scoring.score, detailSalt: salt }),
    }));
  }));
  return receipts.filter((r) => {
    const grades = new Map<string, Field>();
    return details.some(({ dataset, gradeIndex, salt, detail }) => {
      const key = `${dataset.leaf},${gradeIndex},${guesses.indexOf(salt)}`;
      const grade = grades.get(key) ?? gradePart({ job: r.job as Field, leaf: dataset.leaf, ...dataset.terms, gradeIndex, gradeSalt: salt });
      grades.set(key, grade);
      return resultCommitment(grade, detail) === r.result;
    });
  });
}

/** Receipts whose J follows from a job that play has, signed with one of the guessed nonces, or from two datasets' or models' ids. */
export function confirmedJobs(receipts: readonly SeenReceipt[], play: Play, guesses: readonly Bytes[]): SeenReceipt[] {
  const bindings = new Set<bigint>(play.datasets.flatMap((dataset) => play.models.filter((m) => m.program === dataset.program)
    .flatMap((model) => guesses.map((nonce) => jobBinding(idBytes(play.jobOf(dataset, model, nonce).id))))));
  return receipts.filter((r) => bindings.has(r.job));
}

/** Receipts of which J or K is a hash of public words: J of one, K of J and one. */
export function hashesOfPublicWords(receipts: readonly SeenReceipt[], words: readonly string[]): SeenReceipt[] {
  const distinct = [...new Set(words)];
  const domains = ["veritee/job-binding/v1", "veritee/owner/v1", "veritee/source/v1"];
  const digests = new Set<bigint>(distinct.flatMap((word) => domains.map((domain) => fieldFromDigest(digest(domain, fromHex(word))))));
  const elements = distinct.map((word) => BigInt(`0x${word}`)).filter((v) => v < R);
  return receipts.filter((r) => digests.has(r.job) || digests.has(r.result)
    || elements.some((v) => poseidon([r.job, v]) === r.result || poseidon([v, r.job]) === r.result));
}
