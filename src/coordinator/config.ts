import { z } from "zod";
import { VeriteeError } from "../protocol/errors.js";
import { callbackSettings } from "./callbacks/settings.js";
import { blobSettings } from "./blobs/settings.js";
import { transactionSettings } from "./transactions/settings.js";
import { loadSettings, quotaSettings } from "./guard/settings.js";

const database = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("pglite"), templateFile: z.string().min(1).optional() }),
  z.strictObject({ kind: z.literal("postgres"), url: z.string().regex(/^postgres(ql)?:\/\//, "expected a postgres:// URL") }),
]);

const configSchema = z.strictObject({
  /** Folder of the embedded database, and of the blobs unless they are in a bucket. */
  stateDir: z.string().min(1),
  host: z.string().min(1).default("127.0.0.1"),
  /** 0 takes a free one. */
  port: z.int().min(0).max(65535).default(8080),
  database: database.default({ kind: "pglite" }),
  /** A folder below stateDir, or a bucket that coordinators share. */
  blobs: blobSettings.default({ kind: "folder" }),
  /** Further hosts (with port unless it is the scheme's own) under which clients know this service, e.g. behind a proxy. */
  authorities: z.array(z.string().regex(/^[^/\s]+$/, "expected host or host:port")).default([]),
  leaseSeconds: z.int().min(1).max(600).default(30),
  maxFailures: z.int().min(1).max(100).default(5),
  retrySeconds: z.number().min(0).max(60).default(1),
  waitForKeySeconds: z.number().min(0).max(600).default(30),
  workerHours: z.number().positive().max(24 * 90).default(24),
  /** Takes receipts whose proofs are under DEVELOPMENT parameters: anyone can forge those. */
  developmentParameters: z.boolean().default(false),
  /** Receipts that the ledger gets in one transaction, at most; a batch that has as many goes at once. */
  batchSize: z.int().min(1).max(64).default(16),
  /** A receipt waits for batch-mates as long as this, at most. */
  batchAgeMs: z.int().min(0).max(24 * 3600 * 1000).default(4000),
  /** Whether a batch goes early when no job is under way that could join it. Without it the moment of a receipt says less. */
  batchEarly: z.boolean().default(true),
  /** Blocks above a deed's own that make it final. */
  confirmations: z.int().min(0).max(256).default(12),
  /** How often the chain is looked at. */
  watchMs: z.int().min(20).max(60_000).default(1000),
  /** What sending to the ledger may cost, and how patient it is. */
  transactions: transactionSettings.prefault({}),
  /** Port for metrics and probes of the operator's own tools, unsigned; none unless given. 0 takes a free one. */
  adminPort: z.int().min(0).max(65535).optional(),
  adminHost: z.string().min(1).default("127.0.0.1"),
  callbacks: callbackSettings.prefault({}),
  quotas: quotaSettings.prefault({}),
  load: loadSettings.prefault({}),
});

export type CoordinatorConfig = z.output<typeof configSchema>;
export type CoordinatorSettings = z.input<typeof configSchema>;

/** @throws config_invalid with every problem by field, not the first alone */
export function readConfig(settings: unknown): CoordinatorConfig {
  const parsed = configSchema.safeParse(settings);
  if (parsed.success) return parsed.data;
  const facts: Record<string, string> = {};
  for (const { path, message } of parsed.error.issues) {
    const field = path.map(String).join(".") || "config";
    facts[field] = facts[field] === undefined ? message : `${facts[field]}; ${message}`;
  }
  throw new VeriteeError("config_invalid", "the coordinator's configuration is wrong", facts);
}
