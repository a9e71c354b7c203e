import { z } from "zod";

const GIB = 2 ** 30;

/** What one caller may have and do. A key costs nothing to make: quotas bound a caller that misbehaves, not a crowd of them. */
export const quotaSettings = z.strictObject({
  /** Requests a second over a longer time, by each process of the coordinator. */
  requestsPerSecond: z.number().positive().max(100_000).default(200),
  /** Requests that may come at once after a pause. */
  burst: z.int().min(1).max(1_000_000).default(1000),
  /** Requests under way at one time, those that wait for something included. */
  openRequests: z.int().min(1).max(100_000).default(256),
  /** Ciphertext stored, over all time. */
  storedBytes: z.int().min(1).default(64 * GIB),
  storedBlobs: z.int().min(1).default(262_144),
  /** A platform's jobs, or an owner's proof requests, that are neither done nor failed. */
  openJobs: z.int().min(1).default(10_000),
  /** A worker's key requests of the last ten minutes that have no reply. */
  openKeyRequests: z.int().min(1).default(64),
});

/** What the service takes on as a whole, each process for itself. */
export const loadSettings = z.strictObject({
  maxConnections: z.int().min(1).max(1_000_000).default(2000),
  /** Behind a proxy every connection has the proxy's address: set this as high as maxConnections there. */
  maxConnectionsPerAddress: z.int().min(1).max(1_000_000).default(500),
  /** Requests being worked on at one time. With bodies of at most 4 MiB this bounds memory, too. */
  maxPending: z.int().min(1).max(100_000).default(256),
  /** Requests that are held back at one time until there is news for them. */
  maxWaiting: z.int().min(1).max(1_000_000).default(1500),
  /** How late the event loop may be, smoothed over about a second, before work is refused. */
  maxLagMs: z.int().min(20).max(60_000).default(1000),
  /** Seconds for a request's whole head. */
  headSeconds: z.int().min(1).max(600).default(10),
  /** Seconds for a whole request, its body included. */
  bodySeconds: z.int().min(1).max(3600).default(60),
  /** Seconds without a byte either way after which a connection is closed; more than a long poll's 60. */
  idleSeconds: z.int().min(61).max(3600).default(120),
});

export type Quotas = z.output<typeof quotaSettings>;
export type LoadLimits = z.output<typeof loadSettings>;
