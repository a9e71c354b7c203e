import { SIMULATION_ANCHORS, VENDOR_ANCHORS } from "../../attestation/roots.js";
import type { Deployment } from "../../chain/ports.js";
import { openReader } from "../../chain/reader.js";
import { VeriteeError } from "../../protocol/errors.js";
import { disclosureFromJson } from "../../protocol/disclosure-file.js";
import type { LedgerPlace } from "../../protocol/ledger-digest.js";
import { receiptFromJson } from "../../protocol/receipt-file.js";
import { receiptStatement } from "../../protocol/objects/index.js";
import { builtInParameters, pinnedKeysOf, type Parameters } from "../../proofs/parameters.js";
import type { DisclosureReport } from "../../verifier/disclosure-types.js";
import type { Report, VerifyOptions } from "../../verifier/types.js";
import { verifyDisclosure } from "../../verifier/verify-disclosure.js";
import { parseRecallList } from "../../verifier/recall-list.js";
import { verifyReceipt } from "../../verifier/verify-receipt.js";
import { readJson, readText } from "../options.js";
import { clock } from "./system.js";

export interface VerifyRequest {
  readonly file: string;
  readonly rpcUrl?: string | undefined;
  /** Contracts that the verifier knows; without them any ledger that the receipt names is taken. */
  readonly deployment?: Deployment | undefined;
  /** Refuses simulation, and development parameters even if they are allowed. */
  readonly production?: boolean | undefined;
  /** Lets proofs under public development parameters count. */
  readonly allowDevelopment?: boolean | undefined;
  /** A ceremony's; by default those of this build. */
  readonly parameters?: Parameters | undefined;
  /** Refuses a result of a dataset that is not proved. */
  readonly requireProved?: boolean | undefined;
  /** Blocks that must be above the receipt's; needs a node. */
  readonly confirmations?: number | undefined;
  /** Recall list files. */
  readonly recalls?: readonly string[] | undefined;
}

export interface VerifyDisclosureRequest extends VerifyRequest {
  /** The name that the verifier goes by. */
  readonly recipient: string;
  /** The receipt's file. */
  readonly receipt?: string | undefined;
}

/** A file as JSON; one that is none is a failed check, not an error. */
export const readForVerification = async (file: string): Promise<unknown> => parse(await readText(file));

/** Step 5: judges a receipt file, offline or against a node. A file that is no receipt is a failed check, not an error. */
export async function verifyFile(request: VerifyRequest): Promise<Report> {
  const json = await readForVerification(request.file);
  return verifyReceipt(json, await optionsOf(request, () => ledgerOfReceipt(json)));
}

/** Judges a disclosure file, with the receipt or the ledger behind it. */
export async function verifyDisclosureFile(request: VerifyDisclosureRequest): Promise<DisclosureReport> {
  const json = await readForVerification(request.file);
  const receipt = request.receipt === undefined ? {} : { receipt: await readForVerification(request.receipt) };
  const verify = await optionsOf(request, () => ledgerOfDisclosure(json));
  const { recipient, parameters = builtInParameters } = request;
  return verifyDisclosure(json, { recipient, now: clock(), ...receipt, verify, key: parameters.key("disclose") });
}

async function optionsOf(request: VerifyRequest, ledger: () => LedgerPlace): Promise<VerifyOptions> {
  const { rpcUrl, deployment, production = false, allowDevelopment = false, parameters = builtInParameters, requireProved = false, recalls = [], confirmations } = request;
  const chain = rpcUrl === undefined ? undefined : await openReader(rpcUrl, deployment ?? (await deploymentOf(ledger, rpcUrl)));
  return {
    anchors: production ? VENDOR_ANCHORS : SIMULATION_ANCHORS,
    now: clock(),
    recalls: await Promise.all(recalls.map(async (path) => parseRecallList(await readJson(path)))),
    requireHardware: production,
    allowDevelopmentParameters: allowDevelopment && !production,
    keys: pinnedKeysOf(parameters),
    requireProvedDataset: requireProved,
    ...(deployment === undefined ? {} : { knownLedger: { chainId: deployment.chainId, receiptLedger: deployment.receiptLedger } }),
    ...(chain === undefined ? {} : { chain }),
    ...(confirmations === undefined ? {} : { confirmations }),
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function ledgerOfReceipt(json: unknown): LedgerPlace {
  const { chainId, ledger } = receiptStatement.open(receiptFromJson(json).statement).value;
  return { chainId, contract: ledger };
}

function ledgerOfDisclosure(json: unknown): LedgerPlace {
  const { chainId, ledger } = disclosureFromJson(json).disclosure.context;
  return { chainId, contract: ledger };
}

/** The contracts beside the ledger that the file names, asked from that ledger itself. */
async function deploymentOf(ledger: () => LedgerPlace, rpcUrl: string): Promise<Deployment> {
  const { discoverDeployment } = await import("../../chain/discover.js");
  try {
    const { chainId, contract } = ledger();
    return await discoverDeployment(rpcUrl, chainId, contract);
  } catch (cause) {
    if (cause instanceof VeriteeError && cause.code === "chain_unavailable") throw cause;
    throw new VeriteeError("receipt_invalid", "the file's ledger cannot be asked", { rpc: rpcUrl }, { cause });
  }
}
