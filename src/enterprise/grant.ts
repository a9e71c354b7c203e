import type { Clock, Random } from "../broker/ports.js";
import { ensure } from "../protocol/errors.js";
import type { DatasetManifestId, GrantId, Measurement, PartyKey } from "../protocol/ids.js";
import { grant, type Anchor, type DatasetManifest, type Grant, type HpkeSuite, type Signed } from "../protocol/objects/index.js";
import type { Enterprise } from "./identity.js";

const DAY_SECONDS = 86_400;
const DEFAULT_DAYS = 7;

/** What an enterprise permits. One platform, one purpose, the dataset's own program; everything else has a narrow default. */
export interface GrantTerms {
  readonly dataset: Signed<DatasetManifest, DatasetManifestId>;
  readonly grantee: PartyKey;
  /** In the words of the platform's job: compared exactly. */
  readonly purpose: string;
  /** At least one; there is no default for which enclaves are trusted. */
  readonly allowedMeasurements: readonly Measurement[];
  /** At least one; simulation is allowed only by naming `sim`. */
  readonly allowedAnchors: readonly Anchor[];
  /** Distinct jobs; 1 unless said otherwise. */
  readonly maxUses?: number;
  /** 7 unless said otherwise. */
  readonly days?: number;
  /** Unix seconds; now unless said otherwise. */
  readonly notBefore?: number;
  /** KEM to which the enterprise's part of results is sealed: 2 (X-Wing) unless said otherwise. */
  readonly resultSuite?: HpkeSuite;
}

/** @throws grant_mismatch when the dataset is another's, input_invalid */
export async function createGrant(enterprise: Enterprise, terms: GrantTerms, ports: { random: Random; clock: Clock }): Promise<Signed<Grant, GrantId>> {
  const { dataset, maxUses = 1, days = DEFAULT_DAYS, resultSuite = 2 } = terms;
  const owner = enterprise.signing.publicKey;
  ensure(dataset.value.owner === owner, "grant_mismatch", "only its owner grants a dataset", { owner: dataset.value.owner });
  const notBefore = terms.notBefore ?? ports.clock();
  const value: Grant = {
    owner,
    dataset: dataset.id,
    programs: [dataset.value.program],
    grantee: terms.grantee,
    purpose: terms.purpose,
    notBefore,
    notAfter: notBefore + days * DAY_SECONDS,
    maxUses,
    allowedMeasurements: terms.allowedMeasurements,
    allowedAnchors: terms.allowedAnchors,
    nonce: ports.random(32),
    resultKey: (await enterprise.resultKey(resultSuite)).publicKey,
  };
  // Signing parses what was built: limits are checked before anything leaves.
  return grant.sign(value, enterprise.signing);
}
