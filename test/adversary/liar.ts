// The liar: a worker whose TEE is broken. Its keys are attested and registered like an honest worker's, and it signs anything.
import { SIMULATION_ANCHORS } from "../../src/attestation/roots.js";
import type { Bytes } from "../../src/protocol/bytes.js";
import { signingKey, type SigningKey } from "../../src/protocol/dsse.js";
import { ledgerAddress } from "../../src/protocol/ledger-digest.js";
import { certificateDigest, type WorkerCertificate, type WorkerIdentity } from "../../src/protocol/objects/index.js";
import { reportData } from "../../src/protocol/report-data.js";
import { SimulatedTee } from "../../src/simulator/simulated-tee.js";
import { keyFrom } from "../contracts/harness/world.js";
import { seeded } from "../contracts/harness/rng.js";
import { MEASUREMENT } from "./parties.js";

export const ANCHORS = SIMULATION_ANCHORS;

export interface WorkerKeys {
  readonly signing: SigningKey;
  readonly ledger: Bytes;
  readonly identity: WorkerIdentity;
  readonly certificate: WorkerCertificate;
}

type QuoteOptions = NonNullable<Parameters<SimulatedTee["quote"]>[3]>;

/** Evidence for a worker's keys, as a registrar would get it; what is changed makes it worth nothing. */
export function certify(worker: WorkerIdentity, nonce: Bytes, appraisedAt: number, options: QuoteOptions = {}): WorkerCertificate {
  const evidence = SimulatedTee.fromSeed().quote(MEASUREMENT, reportData({ nonce, worker, release: undefined }), appraisedAt, options);
  return { worker, evidence, nonce, appraisedAt };
}

export function workerKeys(seed: string, appraisedAt: number): WorkerKeys {
  const rng = seeded(seed);
  const signing = signingKey(rng.bytes(32));
  const ledger = keyFrom(rng);
  const identity: WorkerIdentity = { signingKey: signing.publicKey, ledgerAddress: ledgerAddress(ledger) };
  return { signing, ledger, identity, certificate: certify(identity, rng.bytes(32), appraisedAt) };
}

export const digestOf = ({ certificate }: WorkerKeys): Bytes => certificateDigest(certificate);
