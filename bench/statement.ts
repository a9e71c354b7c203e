import { leaf, aggregateCommitment, merkleRoot } from "../src/protocol/commitments.js";
import { field, fieldFromDigest, type Field } from "../src/protocol/field.js";
import { sha256 } from "../src/protocol/hash.js";
import type { Aggregates, Program } from "../src/programs/program.js";
import { MERKLE_LEVELS, type ScoreParts } from "../src/programs/score-input.js";
import type { Terms } from "../src/programs/terms.js";

/** An honest statement about the aggregates, in a registry of full depth. */
export function statementOf(program: Program, aggregates: Aggregates, terms: Terms, random: (n: number) => Uint8Array): ScoreParts {
  const element = (): Field => fieldFromDigest(sha256(random(32)));
  const aggregateSalt = random(31);
  const owner = element();
  const datasetRoot = element();
  const sourceClass = 0;
  const sourceKey = field(0n);
  const committed = aggregateCommitment(program.aggregateElements(aggregates), aggregateSalt);
  const own = leaf({ programTag: program.tag, owner, sourceClass, sourceKey, ...terms, datasetRoot, aggregates: committed });
  const siblings = Array.from({ length: MERKLE_LEVELS }, element);
  const index = 0b1010_1100_0101;
  return {
    program, job: element(), terms, aggregates, aggregateSalt, owner, sourceClass, sourceKey, datasetRoot,
    path: { root: merkleRoot(own, index, siblings), index, siblings },
    model: program.defaultModel, modelSalt: random(31), gradeSalt: random(31), detailSalt: random(31),
  };
}
