import { z } from "zod";
import { toHex } from "../protocol/bytes.js";
import { ensure, VeriteeError } from "../protocol/errors.js";
import {
  artefactsOf, circuitName, datasetCircuitOf, ingestCircuitOf, PINNED_CIRCUITS, programId, scoreCircuitOf,
  type ArtefactManifest, type CircuitName, type ManifestOf,
} from "./artefacts.js";
import type { DatasetKeys } from "./dataset-proof.js";
import { isDevelopmentKey } from "./development.js";
import { pinnedKeyOf, type PinnedKey, type PinnedKeys } from "./pinned-key.js";
import { checkVerificationKey } from "./verify.js";
import { verificationKeyFromHex, verificationKeySha256 } from "./vk.js";

/** The keys that proofs are made and checked with, one a circuit: a build's own, or those of a ceremony (docs/setup.md). */
export interface Parameters {
  /** SHA-256 of the ceremony's transcript; undefined for those that the build pins. */
  readonly transcriptSha256: string | undefined;
  readonly circuits: readonly CircuitName[];
  /** @throws unsupported when these parameters have no such circuit */
  readonly manifest: ManifestOf;
  /** @throws unsupported */
  key(circuit: CircuitName): PinnedKey;
}

export const PARAMETERS_FORMAT = "veritee-parameters/1";

const hex = (bytes: number) => z.string().regex(new RegExp(`^[0-9a-f]{${2 * bytes}}$`));
const entry = z.strictObject({
  manifest: z.strictObject({
    circuit: z.string(), r1csSha256: hex(32), wasmSha256: hex(32), zkeySha256: hex(32), verificationKeySha256: hex(32),
    parameters: z.literal("ceremony"), constraints: z.int().positive(), publicInputs: z.int().nonnegative(),
  }),
  verificationKey: z.string().regex(/^([0-9a-f]{2})+$/),
});
const file = z.strictObject({ format: z.literal(PARAMETERS_FORMAT), transcriptSha256: hex(32), circuits: z.array(entry).min(1) });

/** A parameters file as `veritee setup finish` writes it. */
export type ParametersJson = z.output<typeof file>;

interface Loaded {
  readonly manifest: ArtefactManifest;
  readonly key: PinnedKey;
}

/**
 * Opens a ceremony's parameters. Whoever opens them trusts the ceremony: the file vouches for nothing, but what can be told
 * from it is told here. It may replace keys only, never a circuit, and no key of it may be a development one.
 * @throws input_invalid, unsupported (unknown circuit), artefact_mismatch (other circuit, other key), parameters_insecure, proof_invalid
 */
export function parametersFromJson(json: unknown): Parameters {
  const parsed = file.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new VeriteeError("input_invalid", "not a parameters file", { field: issue?.path.join(".") ?? "", problem: issue?.message ?? "" });
  }
  const loaded = new Map<CircuitName, Loaded>();
  for (const circuit of parsed.data.circuits) {
    const opened = open(circuit);
    ensure(!loaded.has(opened.manifest.circuit), "input_invalid", "the parameters name a circuit twice", { circuit: opened.manifest.circuit });
    loaded.set(opened.manifest.circuit, opened);
  }
  const of = (circuit: CircuitName): Loaded => {
    const found = loaded.get(circuit);
    ensure(found !== undefined, "unsupported", "the parameters have no such circuit", { circuit });
    return found;
  };
  return {
    transcriptSha256: parsed.data.transcriptSha256, circuits: [...loaded.keys()],
    manifest: (circuit) => of(circuit).manifest, key: (circuit) => of(circuit).key,
  };
}

function open({ manifest: told, verificationKey }: z.output<typeof entry>): Loaded {
  const manifest: ArtefactManifest = { ...told, circuit: circuitName(told.circuit) };
  const { circuit } = manifest;
  const built = artefactsOf(circuit);
  const same = manifest.r1csSha256 === built.r1csSha256 && manifest.wasmSha256 === built.wasmSha256;
  ensure(same && manifest.publicInputs === built.publicInputs, "artefact_mismatch", "the parameters are for another version of the circuit", {
    circuit, found: manifest.r1csSha256, expected: built.r1csSha256,
  });
  const key = verificationKeyFromHex(verificationKey);
  const sha256 = verificationKeySha256(key);
  ensure(toHex(sha256) === manifest.verificationKeySha256, "artefact_mismatch", "the verification key is not the one that the parameters name", { circuit });
  ensure(key.ic.length === manifest.publicInputs + 1, "artefact_mismatch", "the verification key has another number of public signals", { circuit });
  checkVerificationKey(key);
  ensure(!isDevelopmentKey(circuit, key), "parameters_insecure", "a development key: its trapdoor is public", { circuit });
  return { manifest, key: { key, sha256, development: false } };
}

/** The keys that this build pins. */
export const builtInParameters: Parameters = { transcriptSha256: undefined, circuits: PINNED_CIRCUITS, manifest: artefactsOf, key: pinnedKeyOf };

/** The keys of parameters for dataset proofs of a program. @throws unsupported */
export function datasetKeysOf({ key }: Parameters, program: string): DatasetKeys {
  const id = programId(program);
  return { ingest: key(ingestCircuitOf(id)), dataset: key(datasetCircuitOf(id)) };
}

/** The keys of parameters, by program, for a verifier. */
export const pinnedKeysOf = ({ key }: Parameters): PinnedKeys => (program) => key(scoreCircuitOf(programId(program)));
