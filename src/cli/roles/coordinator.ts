import { SIMULATION_ANCHORS, VENDOR_ANCHORS } from "../../attestation/roots.js";
import type { Deployment } from "../../chain/ports.js";
import { openEndpoints } from "../../chain/endpoints/open.js";
import { workerAppraiser } from "../../coordinator/appraise-worker.js";
import type { CoordinatorSettings } from "../../coordinator/config.js";
import { startCoordinator, type Coordinator, type CoordinatorPorts } from "../../coordinator/start.js";
import { journalledChain } from "../../coordinator/transactions/open-chain.js";
import type { Measurement } from "../../protocol/ids.js";
import { builtInParameters, type Parameters } from "../../proofs/parameters.js";
import { PGLITE_TEMPLATE } from "../paths.js";
import { badProofsUnder } from "./bad-proofs.js";

export interface CoordinatorRole {
  readonly settings: CoordinatorSettings;
  /** Of one node, or of several that must agree. */
  readonly rpcUrl: string | readonly string[];
  readonly deployment: Deployment;
  readonly registrarKey: Uint8Array;
  /** Enclaves that may register as workers. */
  readonly measurements: readonly Measurement[];
  /** Accept the public simulator's root. */
  readonly simulation: boolean;
  /** A ceremony's; by default those of this build. */
  readonly parameters?: Parameters;
  readonly completeEvidence?: CoordinatorPorts["completeEvidence"];
  readonly log: { write(line: string): void };
  readonly spans?: CoordinatorPorts["spans"];
}

/** The coordinator on an EVM ledger. */
export async function openCoordinator(role: CoordinatorRole): Promise<Coordinator> {
  const { rpcUrl, deployment, registrarKey: privateKey } = role;
  const chain = journalledChain({ rpcUrl, deployment, privateKey }, (told) => openEndpoints([rpcUrl].flat(), deployment, { told }));
  const anchors = role.simulation ? SIMULATION_ANCHORS : VENDOR_ANCHORS;
  const policy = { allowedMeasurements: role.measurements, allowedAnchors: role.simulation ? (["sim"] as const) : [] };
  const settings = { database: { kind: "pglite" as const, templateFile: PGLITE_TEMPLATE }, ...role.settings };
  return startCoordinator(settings, {
    chain, appraiseWorker: workerAppraiser(anchors, policy), log: role.log, spans: role.spans, completeEvidence: role.completeEvidence,
    findBadProofs: badProofsUnder(role.parameters ?? builtInParameters),
  });
}
