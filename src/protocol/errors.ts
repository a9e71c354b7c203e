/** Every error code of Veritee with its HTTP status. docs/errors.md explains each; a test keeps the two equal. */
export const ERROR_STATUS = {
  // input
  input_invalid: 400,
  input_too_large: 413,
  unsupported: 400,
  import_row_invalid: 422,
  value_out_of_range: 422,
  terms_invalid: 422,
  model_invalid: 422,
  // wire, identity
  envelope_invalid: 400,
  signature_invalid: 401,
  request_unauthenticated: 401,
  request_replayed: 401,
  request_expired: 401,
  not_found: 404,
  conflict: 409,
  quota_exceeded: 429, address_refused: 422,
  // secrets
  open_failed: 422,
  commitment_mismatch: 422,
  manifest_mismatch: 422,
  // grants and key release
  grant_not_valid_yet: 403,
  grant_expired: 403,
  grant_revoked: 403,
  grant_used_up: 403,
  grant_mismatch: 403,
  job_expired: 403,
  challenge_unknown: 403,
  challenge_expired: 403,
  key_refused: 403,
  key_timeout: 504,
  key_destroyed: 410,
  // attestation
  evidence_malformed: 422,
  evidence_signature: 403,
  evidence_anchor: 403,
  evidence_measurement: 403,
  evidence_debug: 403,
  evidence_binding: 403,
  evidence_expired: 403,
  evidence_attributes: 403,
  evidence_product: 403,
  evidence_instance: 403,
  evidence_pcr: 403,
  evidence_replayed: 403,
  certificate_path: 403,
  certificate_role: 403,
  certificate_expired: 403,
  certificate_revoked: 403,
  collateral_missing: 403,
  collateral_malformed: 422,
  collateral_signature: 403,
  collateral_expired: 403,
  collateral_unavailable: 503,
  qe_identity: 403,
  tcb_not_listed: 403,
  tcb_revoked: 403,
  tcb_status: 403,
  policy_invalid: 422,
  // proofs
  artefact_mismatch: 500,
  parameters_insecure: 403,
  proof_invalid: 422,
  witness_invalid: 422,
  signal_out_of_range: 422,
  // jobs, store, chain
  lease_lost: 409,
  job_state: 409,
  store_locked: 409,
  store_failed: 503,
  storage_full: 507,
  root_unknown: 409,
  leaf_unknown: 404,
  dataset_unproved: 409,
  endorsement_refused: 422,
  chain_refused: 502,
  chain_unavailable: 503,
  service_unavailable: 503,
  receipt_invalid: 422,
  disclosure_invalid: 422,
  claim_false: 422,
  config_invalid: 500,
  internal: 500,
} as const;

export type ErrorCode = keyof typeof ERROR_STATUS;
export type Facts = Readonly<Record<string, string | number | bigint | boolean>>;

/** The one error class: a stable code, a short lower-case message, named facts, an optional cause. */
export class VeriteeError extends Error {
  override readonly name = "VeriteeError";
  readonly code: ErrorCode;
  readonly facts: Facts;

  constructor(code: ErrorCode, message: string, facts: Facts = {}, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
    this.facts = facts;
  }

  get status(): number {
    return ERROR_STATUS[this.code];
  }

  /** Message and facts, one fact a line: what the CLI prints. */
  describe(): string {
    const facts = Object.entries(this.facts).map(([k, v]) => `  ${k}: ${String(v)}`);
    return [`${this.message} (${this.code})`, ...facts].join("\n");
  }
}

/** Throws unless the condition holds. */
export function ensure(condition: boolean, code: ErrorCode, message: string, facts: Facts = {}): asserts condition {
  if (!condition) throw new VeriteeError(code, message, facts);
}

export const isErrorCode = (code: string): code is ErrorCode => Object.hasOwn(ERROR_STATUS, code);
