import type { ColumnType, Generated, Insertable, Kysely, Selectable } from "kysely";
import type { Bytes } from "../../protocol/bytes.js";
import type { TransactionState } from "../../chain/transactions/journal.js";
import type { JobState, LeafState } from "../../transport/api.js";
import type { ErrorCode } from "../../protocol/errors.js";

// Ids, keys and field elements are lower-case hex text. Times that the database compares are timestamptz and set by the
// database; times that come out of signed objects are bigint, Unix seconds.

type DatabaseTime = ColumnType<Date, Date | undefined, Date>;
/** Set by default on insertion. */
type CreatedAt = ColumnType<Date, never, never>;

export interface RequestNonceTable { caller: string; nonce: string; forget_after: bigint }

export interface DatasetTable { id: string; owner: string; program: string; leaf: string; authority: string; envelope: Bytes; created_at: CreatedAt }
export interface ModelTable { id: string; platform: string; program: string; commitment: string; envelope: Bytes; anchored: Generated<boolean>; created_at: CreatedAt }
/** Which blobs a dataset or model names: decides who may read them. */
export interface BlobRefTable { blob: string; object: string }

export interface LeafTable {
  leaf: string; owner: string; state: LeafState; revoke_requested: Generated<boolean>; tx_hash: string | null; reason: string | null;
}

/** What a caller has stored: its quota goes by this. */
export interface CallerBlobTable { caller: string; blob: string; bytes: bigint }
export interface CallerUsageTable { caller: string; blobs: bigint; bytes: bigint }

/** `proof`: blob id of the dataset proof. */
export interface ProvedLeafTable extends LeafTable { proof: string }

export interface GrantTable {
  id: string; owner: string; dataset: string; grantee: string; programs: string; purpose: string;
  not_before: bigint; not_after: bigint; max_uses: number; revoked: Generated<boolean>; envelope: Bytes; created_at: CreatedAt;
}
export interface RevocationTable { id: string; grant_id: string; owner: string; envelope: Bytes; created_at: CreatedAt }

export type WorkerState = "pending" | "registered" | "refused";
export interface WorkerChallengeTable { nonce: string; worker: string; expires_at: DatabaseTime }
export interface WorkerTable {
  signing_key: string; ledger_address: string; nonce: string; certificate: Bytes; measurement: string; anchor: string; simulated: boolean;
  not_after: bigint; state: WorkerState; reason: string | null;
}

export interface JobTable {
  id: string; platform: string; owner: string; dataset: string; model: string; grant_id: string; program: string; leaf: string;
  not_after: bigint; envelope: Bytes;
  state: JobState; attempt: Generated<number>; failures: Generated<number>; phase: string | null; percent: Generated<number>;
  error_code: string | null; error_reason: string | null;
  lease_worker: string | null; lease_token: string | null; lease_expires_at: DatabaseTime | null;
  available_at: DatabaseTime; created_at: CreatedAt; updated_at: DatabaseTime;
}
/** Everything that happened to a job, no-ops too: the trace that the state machine is checked against. */
export interface JobEventTable {
  seq: Generated<bigint>; job: string; event: string; from_state: JobState; to_state: JobState; attempt: number; detail: string | null; at: CreatedAt;
}
export interface CompletionTable {
  job: string; attempt: number; worker: string; lease_token: string; receipt: Bytes; certificate: Bytes; timings: string; created_at: CreatedAt;
}
export interface ResultTable { job: string; attempt: number; recipient: string; envelope: Bytes }
export interface ReceiptTable { job: string; file: string }

export interface KeyRequestTable {
  id: string; job: string; holder: string; worker: string; request: Bytes;
  challenge_id: string | null; challenge: Bytes | null; evidence: Bytes | null; reply: Bytes | null; created_at: CreatedAt;
}

/** `other`: the first head of the same line that differs. */
export interface ReleaseHeadTable { holder: string; line: bigint; hash: string; envelope: Bytes; other: Bytes | null; created_at: CreatedAt }

export interface ProofRequestTable { id: string; owner: string; dataset: string; not_after: bigint; envelope: Bytes; created_at: CreatedAt }
export type TaskState = "pending" | "leased" | "done" | "failed";
/** `proof`: bytes of a Groth16Proof message. */
export interface ProofTaskTable {
  request: string; statement: number; state: Generated<TaskState>; attempt: Generated<number>; failures: Generated<number>;
  worker: string | null; token: string | null; expires_at: DatabaseTime | null; available_at: DatabaseTime; proof: Bytes | null; error_code: string | null;
}

/** `event`: what its receiver knows a repetition by. `waiting` for the job to end; a trigger makes it `due`. */
export interface CallbackTable {
  job: string; event: string; url: string; host: string; state: "waiting" | "due" | "done" | "failed"; tries: Generated<number>;
  due_at: DatabaseTime; error_code: string | null; created_at: CreatedAt;
}

export type OutboxKind = "insert_leaf" | "revoke_leaf" | "insert_proved_leaf" | "revoke_proved_leaf" | "register_model" | "register_worker" | "submit_receipt";
export interface OutboxTable {
  seq: Generated<bigint>; kind: OutboxKind; subject: string; dedupe: string; payload: string;
  state: Generated<"pending" | "done" | "refused">; tries: Generated<number>; due_at: DatabaseTime; error_code: string | null; planned_at: CreatedAt;
  /** Which taking holds it, or held it last. */
  holder: string | null;
  /** Where a deed that is done is on the ledger; null where nobody wrote it down, or nothing rests on it any more. */
  tx_hash: string | null; block_number: bigint | null; block_hash: string | null;
  /** As many blocks are above it as the operator asked for. */
  final: Generated<boolean>;
  /** How often a reorganisation of the chain has undone it. */
  undone: Generated<number>;
}

export type MachineName = "key_request" | "send" | "proof_task" | "transaction";
/** `account`: CAIP-10. Nonces from `first_nonce` to `next_nonce` have each a row in chain_transactions. */
export interface ChainAccountTable { account: string; first_nonce: bigint; next_nonce: bigint; created_at: CreatedAt }
/** One nonce. `digest` names the call, null where the nonce is only used up; `hashes`: JSON list of all versions, the newest `fillers` of which do nothing. Fees: wei per gas. */
export interface ChainTransactionTable {
  account: string; nonce: bigint; state: TransactionState; digest: string | null; hashes: string; fillers: Generated<number>;
  raw: Bytes | null; max_fee: bigint | null; tip: bigint | null; fee_cap: bigint | null; height: bigint | null; capped: Generated<boolean>;
  mined_hash: string | null; mined_block: bigint | null; created_at: CreatedAt;
  signed_at: DatabaseTime | null; sent_at: DatabaseTime | null; unseen_at: DatabaseTime | null; due_at: DatabaseTime;
}

/** How far a ledger has been followed; `checkpoint`: the highest block that was called final. */
export interface ChainWatchTable {
  ledger: string; head_number: bigint; head_hash: string; checkpoint_number: bigint | null; checkpoint_hash: string | null;
  seen_at: DatabaseTime; reorganised_at: DatabaseTime | null;
}

/** What happened to key requests (`subject`: id), deeds for the ledger (seq of outbox), statements to prove (request:statement) and nonces (account:nonce), steps that changed something only. */
export interface MachineEventTable {
  seq: Generated<bigint>; machine: MachineName; subject: string; event: string; from_state: string; to_state: string; detail: string | null; at: CreatedAt;
}

/** Ended jobs that the operator's collector of traces has been told of. */
export interface TracedJobTable { job: string; at: CreatedAt }

export interface Schema {
  traced_jobs: TracedJobTable;
  request_nonces: RequestNonceTable;
  datasets: DatasetTable;
  models: ModelTable;
  blob_refs: BlobRefTable;
  leaves: LeafTable;
  proved_leaves: ProvedLeafTable;
  grants: GrantTable;
  revocations: RevocationTable;
  worker_challenges: WorkerChallengeTable;
  workers: WorkerTable;
  jobs: JobTable;
  job_events: JobEventTable;
  completions: CompletionTable;
  results: ResultTable;
  receipts: ReceiptTable;
  key_requests: KeyRequestTable;
  release_heads: ReleaseHeadTable;
  proof_requests: ProofRequestTable;
  proof_tasks: ProofTaskTable;
  callbacks: CallbackTable;
  outbox: OutboxTable;
  chain_watch: ChainWatchTable;
  machine_events: MachineEventTable;
  chain_accounts: ChainAccountTable;
  chain_transactions: ChainTransactionTable;
  caller_blobs: CallerBlobTable;
  caller_usage: CallerUsageTable;
}

/** A store or a transaction on it. Inside a transaction use the transaction only: PGlite has one connection. */
export type Db = Kysely<Schema>;
export type JobRow = Selectable<JobTable>;
export type NewJob = Insertable<JobTable>;
export type GrantRow = Selectable<GrantTable>;
export type WorkerRow = Selectable<WorkerTable>;
export type NewProofRequest = Insertable<ProofRequestTable>;
export type CallbackRow = Selectable<CallbackTable>;
export type OutboxRow = Selectable<OutboxTable>;
export type ChainTransactionRow = Selectable<ChainTransactionTable>;
export type JobError = { readonly code: ErrorCode; readonly reason: string };
