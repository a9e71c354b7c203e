import { z } from "zod";
import { JOB_STATES, PROOF_STATES } from "../../transport/api.js";
import { hex } from "./validate.js";

// JSON answers. src/transport/views.ts reads them on the other side.

export const finalityView = z.object({ state: z.enum(["mined", "final"]), confirmations: z.int().nonnegative(), needed: z.int().nonnegative() });

export const jobView = z.object({
  id: hex(32),
  state: z.enum(JOB_STATES),
  attempt: z.int().nonnegative(),
  phase: z.string().optional(),
  error: z.object({ code: z.string(), reason: z.string() }).optional(),
  finality: finalityView.optional(),
  createdAt: z.int(),
  updatedAt: z.int(),
});

export const proofRequestView = z.object({
  state: z.enum(PROOF_STATES),
  statements: z.int().positive(),
  leased: z.int().nonnegative(),
  done: z.array(z.int().nonnegative()).readonly(),
  error: z.string().optional(),
});

export const leafView = z.object({
  state: z.enum(["pending", "anchored", "revoked", "refused"]),
  txHash: z.string().optional(),
  reason: z.string().optional(),
});

export const workerView = z.object({ state: z.enum(["pending", "registered", "refused"]), reason: z.string().optional() });

export const deploymentView = z.object({
  chainId: z.int().positive(),
  datasetRegistry: hex(20),
  provedDatasetRegistry: hex(20),
  sourceRegistry: hex(20),
  programRegistry: hex(20),
  workerRegistry: hex(20),
  receiptLedger: hex(20),
});

export const stored = z.object({ id: hex(32) });
export const envelopeList = z.object({ envelopes: z.array(z.string()) });
export const headKept = z.object({ line: z.int().nonnegative() });
export const keyClaims = z.object({ claims: z.array(z.object({ id: hex(32), request: z.string(), reply: z.string().optional() })) });
export const anyObject = z.record(z.string(), z.unknown());
