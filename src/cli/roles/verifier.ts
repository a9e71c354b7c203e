import { SIMULATION_ANCHORS, VENDOR_ANCHORS } from "../../attestation/roots.js";
import type { Deployment } from "../../chain/ports.js";
import { openReader } from "../../chain/reader.js";
import { VeriteeError } from "../../protocol/errors.js";
import { receiptFromJson } from "../../protocol/receipt-file.js";
import { receiptStatement } from "../../protocol/objects/index.js";
import type { Report } from "../../verifier/types.js";
import { parseRecallList } from "../../verifier/recall-list.js";
import { verifyReceipt } from "../../verifier/verify-receipt.js";
import { readJson, readText } from "../options.js";
import { clock } from "./system.js";

export interface VerifyRequest {
  readonly file: string;
  readonly rpcUrl?: string | undefined;
  /** Contracts that the verifier knows; without them any ledger that the receipt names is taken. */
  readonly deployment?: Deployment | undefined;
  /** Refuses simulation and development parameters. */
  readonly production?: boolean | undefined;
  /** Recall list files. */
  readonly recalls?: readonly string[] | undefined;
}

/** Step 5: judges a receipt file, offline or against a node. A file that is no receipt is a failed check, not an error. */
export async function verifyFile({ file, rpcUrl, deployment, production = false, recalls = [] }: VerifyRequest): Promise<Report> {
  const json = parse(await readText(file));
  const chain = rpcUrl === undefined ? undefined : await openReader(rpcUrl, deployment ?? (await deploymentOf(json, rpcUrl)));
  return verifyReceipt(json, {
    anchors: production ? VENDOR_ANCHORS : SIMULATION_ANCHORS,
    now: clock(),
    recalls: await Promise.all(recalls.map(async (path) => parseRecallList(await readJson(path)))),
    requireHardware: production,
    ...(deployment === undefined ? {} : { knownLedger: { chainId: deployment.chainId, receiptLedger: deployment.receiptLedger } }),
    ...(chain === undefined ? {} : { chain }),
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** The contracts beside the ledger that the receipt names, asked from that ledger itself. */
async function deploymentOf(json: unknown, rpcUrl: string): Promise<Deployment> {
  const { discoverDeployment } = await import("../../chain/discover.js");
  try {
    const { chainId, ledger } = receiptStatement.open(receiptFromJson(json).statement).value;
    return await discoverDeployment(rpcUrl, chainId, ledger);
  } catch (cause) {
    if (cause instanceof VeriteeError && cause.code === "chain_unavailable") throw cause;
    throw new VeriteeError("receipt_invalid", "the receipt's ledger cannot be asked", { rpc: rpcUrl }, { cause });
  }
}
