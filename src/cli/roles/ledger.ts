// The ledger: the embedded development chain with its contracts, or the contracts of a chain that exists.
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { ListenAt } from "../../chain/anvil.js";
import { contractsDigest, deploy } from "../../chain/deploy.js";
import { startDevChain } from "../../chain/devchain.js";
import type { CircuitRegistration, Deployment } from "../../chain/ports.js";
import { openReader } from "../../chain/reader.js";
import { fromHex, toHex } from "../../protocol/bytes.js";
import { ensure, VeriteeError } from "../../protocol/errors.js";
import { digest } from "../../protocol/hash.js";
import { hexId, type LedgerAddress } from "../../protocol/ids.js";
import { ledgerAddress, ledgerKeyFromRandom } from "../../protocol/ledger-digest.js";
import { datasetCircuitOf, ingestCircuitOf, PROGRAM_IDS, scoreCircuitOf, type CircuitName } from "../../proofs/artefacts.js";
import { builtInParameters, type Parameters } from "../../proofs/parameters.js";
import { verificationKeyToBytes } from "../../proofs/vk.js";
import { readJson } from "../options.js";
import { random } from "./system.js";

const DEV_CHAIN_ID = 31337;

const address = z.string().regex(/^[0-9a-f]{40}$/).transform((text) => hexId<LedgerAddress>(text, 20, "address"));
const deploymentFile = z.strictObject({
  chainId: z.int().positive(), datasetRegistry: address, provedDatasetRegistry: address, sourceRegistry: address, programRegistry: address, workerRegistry: address, receiptLedger: address,
  disclosureVerifier: address.optional(),
  block: z.int().nonnegative(),
});

/** @throws not_found, config_invalid naming the file */
export async function readDeployment(path: string): Promise<Deployment> {
  const parsed = deploymentFile.safeParse(await readJson(path));
  ensure(parsed.success, "config_invalid", "not a deployment file", { file: path });
  return parsed.data;
}

type Entry = Pick<CircuitRegistration, "role" | "program"> & { readonly circuit: CircuitName };

/** Every circuit that the contracts know by role. */
const KNOWN: readonly Entry[] = [
  ...PROGRAM_IDS.flatMap((program): Entry[] => [
    { role: "score", program, circuit: scoreCircuitOf(program) },
    { role: "ingest", program, circuit: ingestCircuitOf(program) },
    { role: "dataset", program, circuit: datasetCircuitOf(program) },
  ]),
  { role: "disclose", program: undefined, circuit: "disclose" },
];
const ledgerCircuits = ({ circuits }: Parameters): readonly Entry[] => KNOWN.filter(({ circuit }) => circuits.includes(circuit));

/** What a circuit's entry on the ledger pins: its key, and by hash everything that proofs are made with. */
function registrationOf(parameters: Parameters, { role, program, circuit }: Entry): CircuitRegistration {
  const pin = parameters.manifest(circuit);
  const { key, development } = parameters.key(circuit);
  return {
    role,
    program,
    key: verificationKeyToBytes(key),
    artefactHash: digest("veritee/artefacts/v1", fromHex(pin.r1csSha256), fromHex(pin.wasmSha256), fromHex(pin.zkeySha256)),
    developmentParameters: development,
  };
}

/** Deploys the contracts with the keys of this build, or of a ceremony's parameters. */
export const deployAll = (
  rpcUrl: string, chainId: number, privateKey: Uint8Array, onStep?: (step: string, gasUsed: number) => void, parameters = builtInParameters,
): Promise<Deployment> =>
  deploy({
    rpcUrl, chainId, privateKey, circuits: ledgerCircuits(parameters).map((entry) => registrationOf(parameters, entry)),
    ...(onStep === undefined ? {} : { onStep }),
  });

/** 32 bytes of hex in a file that only its owner reads. Made when absent. */
export async function registrarKey(path: string): Promise<Uint8Array> {
  try {
    return fromHex((await readFile(path, "utf8")).trim());
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    const key = ledgerKeyFromRandom(random(48));
    await writeFile(path, `${toHex(key)}\n`, { mode: 0o600, flag: "wx" });
    return key;
  }
}

export interface DevLedger {
  readonly rpcUrl: string;
  readonly deployment: Deployment;
  readonly registrarKey: Uint8Array;
  /** True when the contracts were deployed just now. */
  readonly fresh: boolean;
  stop(): Promise<void>;
}

/** Starts the embedded chain on a folder; deploys the contracts unless they are there, with this build's code and the parameters' keys. */
export async function openDevLedger(folder: string, onStep?: (step: string) => void, parameters = builtInParameters, listen?: ListenAt): Promise<DevLedger> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const key = await registrarKey(join(folder, "registrar.key"));
  const chain = await startDevChain({ chainId: DEV_CHAIN_ID, stateFile: join(folder, "chain.json"), listen });
  try {
    const file = join(folder, "deployment.json");
    const codeFile = join(folder, "contracts.sha256");
    const sameCode = (await readFile(codeFile, "utf8").catch(() => "")) === contractsDigest();
    const known = sameCode ? await usableDeployment(chain.rpcUrl, file, parameters) : undefined;
    if (known !== undefined) return { rpcUrl: chain.rpcUrl, deployment: known, registrarKey: key, fresh: false, stop: chain.stop };
    await chain.fund(ledgerAddress(key));
    const deployment = await deployAll(chain.rpcUrl, DEV_CHAIN_ID, key, (step) => onStep?.(step), parameters);
    await writeFile(file, `${JSON.stringify(deployment, null, 2)}\n`);
    await writeFile(codeFile, contractsDigest());
    return { rpcUrl: chain.rpcUrl, deployment, registrarKey: key, fresh: true, stop: chain.stop };
  } catch (error) {
    await chain.stop();
    throw error;
  }
}

/** The deployment of the file if the chain has it and its keys are those of the parameters. */
async function usableDeployment(rpcUrl: string, file: string, parameters: Parameters): Promise<Deployment | undefined> {
  try {
    const deployment = await readDeployment(file);
    const reader = await openReader(rpcUrl, deployment);
    for (const { role, program, circuit } of ledgerCircuits(parameters)) {
      const entry = await reader.circuit(role, program);
      if (entry === undefined || toHex(entry.keySha256) !== toHex(parameters.key(circuit).sha256)) return undefined;
    }
    return deployment;
  } catch (error) {
    if (!(error instanceof VeriteeError)) throw error;
    await rm(file, { force: true });
    return undefined;
  }
}
