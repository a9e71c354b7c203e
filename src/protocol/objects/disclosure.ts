import { create, toBinary } from "@bufbuild/protobuf";
import type { Bytes } from "../bytes.js";
import { decodeCanonical } from "../canonical.js";
import { ensureClaim, ensureRecipient, type Claim, type DisclosureContext } from "../disclosure.js";
import { VeriteeError } from "../errors.js";
import { fieldToBytes, type Field } from "../field.js";
import { idBytes, idFromBytes } from "../ids.js";
import { DisclosureSchema } from "../wire/veritee_pb.js";
import { readProof, writeProof, type ProofBytes } from "./proof-bytes.js";
import { count, element, fixed, required } from "./read.js";

/**
 * That a result on the ledger meets a claim, for one recipient until an expiry (docs/protocol.md 13). Nobody signs it: the proof
 * binds all of it but key and label, which a verifier compares with its pins.
 */
export interface Disclosure {
  readonly context: DisclosureContext;
  readonly claim: Claim;
  /** K */
  readonly resultCommitment: Field;
  readonly proof: ProofBytes;
  readonly verificationKeySha256: Bytes;
  readonly developmentParameters: boolean;
}

export function disclosureToBytes({ context, claim, ...d }: Disclosure): Bytes {
  return toBinary(DisclosureSchema, create(DisclosureSchema, {
    chainId: BigInt(context.chainId),
    ledger: idBytes(context.ledger),
    jobBinding: fieldToBytes(context.jobBinding),
    resultCommitment: fieldToBytes(d.resultCommitment),
    recipient: context.recipient,
    expiresAt: BigInt(context.expiresAt),
    ...(claim.scoreAtLeast === undefined ? {} : { scoreAtLeast: claim.scoreAtLeast }),
    ...(claim.gradeAtMost === undefined ? {} : { gradeAtMost: claim.gradeAtMost }),
    owner: claim.owner === undefined ? new Uint8Array() : idBytes(claim.owner),
    model: claim.model === undefined ? new Uint8Array() : fieldToBytes(claim.model),
    proof: writeProof(d.proof),
    verificationKeySha256: d.verificationKeySha256,
    developmentParameters: d.developmentParameters,
  }));
}

/** The last second of the year 9999: what calendars can show. */
const LATEST = 253402300799;

/** Accepts only what disclosureToBytes writes. Points are not checked here. @throws input_invalid, signal_out_of_range */
export function disclosureFromBytes(bytes: Bytes): Disclosure {
  try {
    return parse(bytes);
  } catch (cause) {
    if (cause instanceof VeriteeError) throw cause;
    throw new VeriteeError("input_invalid", "not a disclosure", {}, { cause });
  }
}

function parse(bytes: Bytes): Disclosure {
  const m = decodeCanonical(DisclosureSchema, bytes);
  const claim: Claim = {
    scoreAtLeast: m.scoreAtLeast,
    gradeAtMost: m.gradeAtMost,
    owner: m.owner.length === 0 ? undefined : idFromBytes(m.owner, 32, "owner"),
    model: m.model.length === 0 ? undefined : element("model", m.model),
  };
  ensureClaim(claim);
  ensureRecipient(m.recipient);
  return {
    context: {
      chainId: count("chain_id", m.chainId),
      ledger: idFromBytes(m.ledger, 20, "ledger"),
      jobBinding: element("job_binding", m.jobBinding),
      recipient: m.recipient,
      expiresAt: count("expires_at", m.expiresAt, LATEST),
    },
    claim,
    resultCommitment: element("result_commitment", m.resultCommitment),
    proof: readProof("proof", required("proof", m.proof)),
    verificationKeySha256: fixed("verification_key_sha256", m.verificationKeySha256, 32),
    developmentParameters: m.developmentParameters,
  };
}
