import type { LedgerAddress } from "../protocol/ids.js";
import { connect } from "./client.js";
import { addressFrom, with0x } from "./encode.js";
import { refused } from "./errors.js";
import { provedDatasetRegistryAbi } from "./generated/proved-dataset-registry.js";
import { receiptLedgerAbi } from "./generated/receipt-ledger.js";
import type { Deployment } from "./ports.js";

/**
 * The contracts that a receipt ledger rests on, asked from the ledger itself: they are fixed in its code. What comes out is
 * as trustworthy as the address that goes in. The block of deployment is not known to it: 0.
 * @throws chain_unavailable (no node), chain_refused (no ledger there), config_invalid (another chain)
 */
export async function discoverDeployment(rpcUrl: string, chainId: number, receiptLedger: LedgerAddress): Promise<Deployment> {
  const { viem } = await connect({ rpcUrl, chainId });
  const ledger = { address: with0x(receiptLedger), abi: receiptLedgerAbi } as const;
  try {
    const [datasets, provedDatasets, programs, workers] = await Promise.all([
      viem.readContract({ ...ledger, functionName: "datasets" }),
      viem.readContract({ ...ledger, functionName: "provedDatasets" }),
      viem.readContract({ ...ledger, functionName: "programs" }),
      viem.readContract({ ...ledger, functionName: "workers" }),
    ]);
    const sources = await viem.readContract({ address: provedDatasets, abi: provedDatasetRegistryAbi, functionName: "sources" });
    return {
      chainId,
      datasetRegistry: addressFrom(datasets), provedDatasetRegistry: addressFrom(provedDatasets), sourceRegistry: addressFrom(sources),
      programRegistry: addressFrom(programs), workerRegistry: addressFrom(workers),
      receiptLedger, block: 0,
    };
  } catch (error) {
    throw refused("discover", error);
  }
}
