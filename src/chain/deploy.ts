import type { Abi, Address } from "viem";
import { toHex, utf8, type Bytes } from "../protocol/bytes.js";
import { sha256 } from "../protocol/hash.js";
import { LedgerAccount } from "./account.js";
import { connect, type ChainTarget } from "./client.js";
import { addressFrom, without0x, type Hex } from "./encode.js";
import { datasetRegistryAbi, datasetRegistryCode } from "./generated/dataset-registry.js";
import { disclosureVerifierAbi, disclosureVerifierCode } from "./generated/disclosure-verifier.js";
import { poseidonT3Abi, poseidonT3Code } from "./generated/poseidon-t3.js";
import { programRegistryAbi, programRegistryCode } from "./generated/program-registry.js";
import { provedDatasetRegistryAbi, provedDatasetRegistryCode } from "./generated/proved-dataset-registry.js";
import { receiptLedgerAbi, receiptLedgerCode } from "./generated/receipt-ledger.js";
import { sourceRegistryAbi, sourceRegistryCode } from "./generated/source-registry.js";
import { workerRegistryAbi, workerRegistryCode } from "./generated/worker-registry.js";
import type { CircuitRegistration, Deployment } from "./ports.js";
import { senderOf } from "./sender.js";

export interface DeployOptions extends ChainTarget {
  /** secp256k1, 32 bytes: pays, and becomes the registrar of programs, workers and sources. */
  readonly privateKey: Bytes;
  readonly circuits: readonly CircuitRegistration[];
  /** Told after each contract and circuit, with the gas it took. */
  readonly onStep?: (step: string, gasUsed: number) => void;
}

interface Code {
  readonly bytecode: Hex;
  readonly links: readonly { readonly library: string; readonly start: number }[];
}

/**
 * Deploys library and contracts, links them, registers the circuits. Not atomic: on failure deploy anew, the remains of
 * the first attempt harm nobody.
 * @throws chain_unavailable, chain_refused, config_invalid (the node is on another chain)
 */
export async function deploy(options: DeployOptions): Promise<Deployment> {
  const { encodeDeployData } = await import("viem");
  const account = await LedgerAccount.open(await connect(options), options.privateKey);
  const onStep = options.onStep ?? (() => undefined);

  const create = async (name: string, abi: Abi, code: Code, args: readonly unknown[], libraries: Libraries = {}): Promise<{ address: Address; block: number }> => {
    const made = await account.create(encodeDeployData({ abi, bytecode: link(code, libraries), args }));
    onStep(name, made.gasUsed);
    return { address: made.address, block: made.blockNumber };
  };

  const registrar: Address = `0x${account.address}`;
  const poseidon = await create("PoseidonT3", poseidonT3Abi, poseidonT3Code, []);
  const datasets = await create("DatasetRegistry", datasetRegistryAbi, datasetRegistryCode, [], { PoseidonT3: poseidon.address });
  const programs = await create("ProgramRegistry", programRegistryAbi, programRegistryCode, [registrar]);
  const workers = await create("WorkerRegistry", workerRegistryAbi, workerRegistryCode, [registrar]);
  const sources = await create("SourceRegistry", sourceRegistryAbi, sourceRegistryCode, [registrar]);
  const provedDatasets = await create("ProvedDatasetRegistry", provedDatasetRegistryAbi, provedDatasetRegistryCode,
    [datasets.address, programs.address, sources.address], { PoseidonT3: poseidon.address });
  const ledger = await create("ReceiptLedger", receiptLedgerAbi, receiptLedgerCode,
    [datasets.address, provedDatasets.address, programs.address, workers.address]);

  const deployment: Deployment = {
    chainId: options.chainId,
    datasetRegistry: addressFrom(datasets.address),
    provedDatasetRegistry: addressFrom(provedDatasets.address),
    sourceRegistry: addressFrom(sources.address),
    programRegistry: addressFrom(programs.address),
    workerRegistry: addressFrom(workers.address),
    receiptLedger: addressFrom(ledger.address),
    block: poseidon.block,
  };
  const sender = senderOf(account, deployment);
  for (const registration of options.circuits) {
    onStep(`${registration.role} ${registration.program ?? ""}`.trim(), (await sender.registerCircuit(registration)).gasUsed);
  }
  // Last: it is made for the ledger, and nothing rests on it.
  const disclosures = await create("DisclosureVerifier", disclosureVerifierAbi, disclosureVerifierCode, [ledger.address]);
  return { ...deployment, disclosureVerifier: addressFrom(disclosures.address) };
}

/** Names the contracts' code: a deployment of other code is another ledger. */
export const contractsDigest = (): string =>
  toHex(sha256(utf8([
    poseidonT3Code, datasetRegistryCode, programRegistryCode, workerRegistryCode, sourceRegistryCode, provedDatasetRegistryCode, receiptLedgerCode,
    disclosureVerifierCode,
  ].map((c) => c.bytecode).join())));

type Libraries = Readonly<Record<string, Address>>;

/** Writes the libraries' addresses into the creation code. */
function link(code: Code, libraries: Libraries): Hex {
  let hex = without0x(code.bytecode);
  for (const { library, start } of code.links) {
    hex = hex.slice(0, start * 2) + without0x(libraries[library] ?? "") + hex.slice(start * 2 + 40);
  }
  return `0x${hex}`;
}
