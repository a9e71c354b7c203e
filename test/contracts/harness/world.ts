import { startDevChain, type DevChain } from "../../../src/chain/devchain.js";
import { deploy } from "../../../src/chain/deploy.js";
import { provedMirror, RegistryMirror } from "../../../src/chain/mirror.js";
import { openReader } from "../../../src/chain/reader.js";
import { openSender } from "../../../src/chain/sender.js";
import type { ChainReader, ChainSender, CircuitRole, Deployment, Mined, ProvedLeaf, Submission } from "../../../src/chain/ports.js";
import type { Bytes } from "../../../src/protocol/bytes.js";
import { VeriteeError } from "../../../src/protocol/errors.js";
import type { Field } from "../../../src/protocol/field.js";
import type { DatasetProof } from "../../../src/protocol/objects/dataset-proof.js";
import type { ProofBytes } from "../../../src/protocol/objects/proof-bytes.js";
import {
  endorseDigest, insertDigest, ledgerAddress, ledgerKeyFromRandom, receiptDigest, revokeDigest, signalList, signLedger, sourceKeyOf, type LedgerSignals,
} from "../../../src/protocol/ledger-digest.js";
import { simulatedKey, type SimulatedKey } from "./groth16.js";
import { honestProof } from "./dataset-proof.js";
import { seeded, type Rng } from "./rng.js";

export const CHAIN_ID = 31_337;
export const PROGRAM = "sme-invoice/1";
/** The year 2100: the development chain goes by the machine's clock. */
export const FAR = 4_102_444_800;

/** A chain with everything deployed, one program with simulated keys, one registered worker. */
export interface World {
  readonly chain: DevChain;
  readonly deployment: Deployment;
  readonly reader: ChainReader;
  /** Registrar and relay. */
  readonly sender: ChainSender;
  readonly mirror: RegistryMirror;
  readonly provedMirror: RegistryMirror;
  readonly rng: Rng;
  readonly key: SimulatedKey;
  readonly ingestKey: SimulatedKey;
  readonly datasetKey: SimulatedKey;
  readonly registrarKey: Bytes;
  readonly workerKey: Bytes;
  readonly authorityKey: Bytes;
  readonly deployGas: Readonly<Record<string, number>>;
  insert(leaf: Field, key?: Bytes): Promise<Mined>;
  revoke(leaf: Field, key?: Bytes): Promise<Mined>;
  /** An unendorsed leaf of n chunks that the proved registry takes, but for what is changed before it is signed and proved. */
  provedLeaf(chunks: number, change?: Partial<DatasetProof>, signer?: Bytes): ProvedLeaf;
  /** The same of many chunks, made fast: all its states are one, and so are its steps' proofs. */
  longLeaf(chunks: number): ProvedLeaf;
  /** A leaf endorsed by a source, with the class given. */
  endorsed(source: Bytes, sourceClass: number, program?: string): Pick<DatasetProof, "leaf" | "datasetRoot" | "sourceClass" | "sourceKey" | "endorsement">;
  insertProved(leaf: ProvedLeaf): Promise<Mined>;
  revokeProved(leaf: Field, signer?: Bytes): Promise<Mined>;
  signals(change?: Partial<LedgerSignals>): Promise<LedgerSignals>;
  /** A submission that the ledger takes, but for what is changed. */
  submission(signals: LedgerSignals, change?: { workerKey?: Bytes; program?: string; chainId?: number }): Submission;
  stop(): Promise<void>;
}

export const keyFrom = (rng: Rng): Bytes => ledgerKeyFromRandom(rng.bytes(48));

export async function startWorld(seed: string, options: { stateFile?: string } = {}): Promise<World> {
  const rng = seeded(seed);
  const chain = await startDevChain({ chainId: CHAIN_ID, ...options });
  const [registrarKey, authorityKey, workerKey] = [keyFrom(rng), keyFrom(rng), keyFrom(rng)];
  await chain.fund(ledgerAddress(registrarKey));
  const key = simulatedKey(rng, 5);
  // Apart, so that the figures of gas.json do not move with them.
  const provedRng = seeded(`${seed}: proved`);
  const endorsedRng = seeded(`${seed}: endorsed`);
  const [ingestKey, datasetKey] = [simulatedKey(provedRng, 2), simulatedKey(provedRng, 6)];
  const circuit = (role: CircuitRole, { bytes }: SimulatedKey, { bytes: random }: Rng) =>
    ({ role, program: PROGRAM, key: bytes, artefactHash: random(32), developmentParameters: true });
  const deployGas: Record<string, number> = {};
  const deployment = await deploy({
    rpcUrl: chain.rpcUrl, chainId: CHAIN_ID, privateKey: registrarKey,
    circuits: [circuit("score", key, rng), circuit("ingest", ingestKey, provedRng), circuit("dataset", datasetKey, provedRng)],
    onStep: (step, gasUsed) => { deployGas[step] = gasUsed; },
  });
  const sender = await openSender({ rpcUrl: chain.rpcUrl, deployment, privateKey: registrarKey });
  const reader = await openReader(chain.rpcUrl, deployment);
  const mirror = new RegistryMirror(reader);
  await sender.registerWorker(ledgerAddress(workerKey), rng.bytes(32), FAR, "sim");

  const provedLeaf: World["provedLeaf"] = (chunks, change = {}, signer = authorityKey) => {
    const proof = honestProof({ program: PROGRAM, rng: provedRng, ingestKey, datasetKey }, chunks, change);
    return { proof, authority: ledgerAddress(signer), signature: signLedger(insertDigest(provedRegistry, proof.leaf), signer) };
  };
  const provedRegistry = { chainId: CHAIN_ID, contract: deployment.provedDatasetRegistry };
  const registry = { chainId: CHAIN_ID, contract: deployment.datasetRegistry };
  return {
    chain, deployment, reader, sender, mirror, provedMirror: provedMirror(reader), rng, key, ingestKey, datasetKey, registrarKey, workerKey, authorityKey, deployGas,
    insert: (leaf, signer = authorityKey) =>
      sender.insertLeaf(leaf, ledgerAddress(signer), signLedger(insertDigest(registry, leaf), signer)),
    revoke: async (leaf, signer = authorityKey) =>
      sender.revokeLeaf(leaf, (await mirror.proof(leaf)).siblings, signLedger(revokeDigest(registry, leaf), signer)),
    provedLeaf,
    longLeaf: (chunks) => {
      const state = provedRng.field();
      return provedLeaf(0, { states: Array<Field>(chunks + 1).fill(state), chunks: Array<ProofBytes>(chunks).fill(ingestKey.prove([state, state])) });
    },
    endorsed: (source, sourceClass, program = PROGRAM) => {
      const [leaf, datasetRoot] = [endorsedRng.field(), provedRng.field()];
      const digest = endorseDigest({ chainId: CHAIN_ID, contract: deployment.sourceRegistry }, program, leaf);
      return { leaf, datasetRoot, sourceClass, sourceKey: sourceKeyOf(ledgerAddress(source)), endorsement: signLedger(digest, source) };
    },
    insertProved: (leaf) => sender.insertProvedLeaf(leaf, 0),
    revokeProved: async (leaf, signer = authorityKey) =>
      sender.revokeProvedLeaf(leaf, (await provedMirror(reader).proof(leaf)).siblings, signLedger(revokeDigest(provedRegistry, leaf), signer)),
    signals: async (change = {}) => ({
      registryRoot: await reader.root(), resultCommitment: rng.field(), jobBinding: rng.field(), asOfDay: 19_000, sourceClass: 0, ...change,
    }),
    submission: (signals, change = {}) => {
      const program = change.program ?? PROGRAM;
      const place = { chainId: change.chainId ?? CHAIN_ID, contract: deployment.receiptLedger };
      return {
        ...signals,
        program,
        proof: key.prove(signalList(signals)),
        ledgerSignature: signLedger(receiptDigest(place, program, signals), change.workerKey ?? workerKey),
      };
    },
    stop: () => chain.stop(),
  };
}

/** The code and the contract's reason of a refused call. */
export async function refusalOf(call: Promise<unknown>): Promise<{ code: string; reason: unknown }> {
  try {
    await call;
  } catch (error) {
    if (error instanceof VeriteeError) return { code: error.code, reason: error.facts["reason"] };
    throw error;
  }
  return { code: "accepted", reason: undefined };
}
