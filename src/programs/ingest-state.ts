import { utf8, type Bytes } from "../protocol/bytes.js";
import { R, fieldFromDigest, type Field } from "../protocol/field.js";
import { digest } from "../protocol/hash.js";
import { absorb } from "../protocol/poseidon.js";

/** An integer, negative ones too, as the field element that stands for it. */
export const modR = (value: bigint): Field => (((value % R) + R) % R) as Field;

/** S: the commitment to the state between two chunks. */
export const stateCommitment = (program: string, elements: readonly bigint[]): Field =>
  absorb(fieldFromDigest(digest("veritee/state/v1", utf8(program))), elements);

/** Salt of the states of one dataset version. Nobody who lacks the aggregate salt can try states. */
export const stateSalt = (aggregateSalt: Bytes): Field => fieldFromDigest(digest("veritee/ingest-salt/v1", aggregateSalt));
