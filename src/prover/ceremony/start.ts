import { ensure } from "../../protocol/errors.js";
import { sha256Hex, writeWhole } from "../artefact-files.js";
import { canonicalJson } from "./canonical-json.js";
import { findCeremony, lastRound, makeKey, r1csFile, writeCeremony, type Ceremony, type CeremonyCircuit } from "./folder.js";
import { checkPtau, type PtauExpectation } from "./ptau-check.js";
import { snarkjs, type EngineStep } from "./snarkjs-process.js";

export type OnCircuitStep = (step: EngineStep & { readonly circuit: string }) => void;

export interface StartOptions {
  readonly folder: string;
  readonly ptau: PtauExpectation;
  readonly circuits: readonly { readonly record: CeremonyCircuit; readonly r1cs: Uint8Array }[];
  readonly onStep?: OnCircuitStep;
}

/**
 * Begins a ceremony: checks the powers of tau and makes each circuit's initial proving key, round 0, which anyone could forge
 * under. Interrupted, it goes on where it was; with other powers or circuits the folder is refused.
 * @throws as checkPtau(), conflict
 */
export async function startCeremony({ folder, ptau, circuits, onStep = () => undefined }: StartOptions): Promise<Ceremony> {
  const records = circuits.map(({ record }) => record);
  for (const { record, r1cs } of circuits) ensureIs(record, r1cs);
  const checked = await checkPtau(ptau, records, (step) => onStep({ circuit: "", ...step }));
  const ceremony: Ceremony = { format: "veritee-ceremony/1", ptau: checked, circuits: records };
  const known = await findCeremony(folder);
  ensure(known === undefined || canonicalJson(known) === canonicalJson(ceremony), "conflict", "the folder holds another ceremony", { folder });
  await writeCeremony(folder, ceremony);
  for (const { record: { circuit }, r1cs } of circuits) {
    await writeWhole(r1csFile(folder, circuit), r1cs);
    if ((await lastRound(folder, circuit)) >= 0) continue;
    await makeKey(folder, circuit, 0, (path) => initialKey(r1csFile(folder, circuit), ptau.path, path, (step) => onStep({ circuit, ...step })));
  }
  return ceremony;
}

function ensureIs({ circuit, r1csSha256: expected }: CeremonyCircuit, r1cs: Uint8Array): void {
  const found = sha256Hex(r1cs);
  ensure(found === expected, "artefact_mismatch", "the circuit is not the pinned one", { circuit, found, expected });
}

async function initialKey(r1cs: string, ptau: string, path: string, onStep: (step: EngineStep) => void): Promise<void> {
  const { value, complaints } = await snarkjs("zKey.newZKey", [r1cs, ptau, path], onStep);
  ensure(value !== -1, "input_invalid", "no proving key can be made from these powers of tau", { reason: complaints });
}
