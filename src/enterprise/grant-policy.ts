import type { PolicySource } from "../broker/ports.js";
import { ensure } from "../protocol/errors.js";
import type { GrantId } from "../protocol/ids.js";
import type { Grant, JobRequest, KeyRequest, Signed } from "../protocol/objects/index.js";
import type { GrantBook } from "./grant-book.js";

/**
 * A worker asks once for all statements that it proves of one request in a row; one that loses its lease has asked in vain. As
 * often as a coordinator gives a statement out.
 */
const RELEASES_A_STATEMENT = 5;

/**
 * The enterprise's side of a key broker: a job has a data key only under a grant that the enterprise itself remembers issuing,
 * a worker that proves only under a request that the enterprise itself signed.
 */
export const grantPolicy = (book: GrantBook): PolicySource => ({
  judge: async (request, job, now) => {
    const grant = await book.grant(job.value.grant);
    ensure(grant !== undefined, "grant_mismatch", "there is no such grant of this owner", { grant: job.value.grant });
    ensure(!(await book.isRevoked(grant.id)), "grant_revoked", "the grant has been revoked", { grant: grant.id });
    ensureInTime(grant, now);
    ensureCovers(grant.value, request, job.value);
    return { id: grant.id, enclaves: grant.value, maxUses: grant.value.maxUses };
  },
  // The owner's own signature is the permission; nobody else's request is one, whatever dataset it names.
  judgeProof: async ({ holder, subject }, { id, signer, value }) => {
    ensure(signer === holder, "grant_mismatch", "the proof request is another owner's", { owner: signer });
    ensure(value.dataset === subject, "grant_mismatch", "the proof request is for another dataset", { field: "dataset" });
    return { id, enclaves: value, maxUses: 1, maxReleases: RELEASES_A_STATEMENT * value.statements.length };
  },
});

function ensureInTime({ id, value: { notBefore, notAfter } }: Signed<Grant, GrantId>, now: number): void {
  ensure(notBefore <= now, "grant_not_valid_yet", "the grant is not valid yet", { grant: id, notBefore, now });
  ensure(now < notAfter, "grant_expired", "the grant has expired", { grant: id, notAfter, now });
}

function ensureCovers(grant: Grant, { subject }: KeyRequest, job: JobRequest): void {
  const differences = {
    dataset: grant.dataset === job.dataset && job.dataset === subject,
    grantee: grant.grantee === job.platform,
    program: grant.programs.includes(job.program),
    purpose: grant.purpose === job.purpose,
  };
  for (const [field, covered] of Object.entries(differences)) {
    ensure(covered, "grant_mismatch", `the grant is for another ${field}`, { field });
  }
}
