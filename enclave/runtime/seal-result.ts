import { RESULT_INFO, resultAad } from "../../src/protocol/aad.js";
import type { Bytes } from "../../src/protocol/bytes.js";
import type { Envelope } from "../../src/protocol/dsse.js";
import { hpkeSeal } from "../../src/protocol/hpke.js";
import type { PartyKey } from "../../src/protocol/ids.js";
import { enterpriseResult, platformResult, sealedResult, type HpkeKey, type ScoredFeature } from "../../src/protocol/objects/index.js";
import type { CheckedJob } from "./check-job.js";
import type { Computed } from "./compute.js";
import type { OpenedDataset } from "../../src/programs/open-dataset.js";
import type { Session } from "./session.js";

/**
 * Seals the result to the two who may read it: all of it to the platform, to the enterprise what the release rule says.
 * Each is opened and checked against the receipt's K by its reader (docs/protocol.md 4).
 */
export async function sealResults(
  session: Session, checked: CheckedJob, dataset: OpenedDataset, computed: Computed,
): Promise<Envelope[]> {
  const { job, grant } = checked;
  const subject = shared(checked, dataset, computed);
  const features = scoredFeatures(computed);
  const { score } = computed.scoring;
  const forPlatform = platformResult.encode({
    ...subject, features, score, modelCommitment: computed.opened.modelCommitment, detailSalt: computed.detailSalt,
  });
  const detail = job.value.releaseRule === "full" ? { score, features } : undefined;
  const forEnterprise = enterpriseResult.encode({ ...subject, detail, detailCommitment: computed.opened.detailPart });
  return [
    await seal(session, checked, job.value.platform, job.value.resultKey, forPlatform),
    await seal(session, checked, grant.value.owner, grant.value.resultKey, forEnterprise),
  ];
}

const shared = ({ job }: CheckedJob, { opening }: OpenedDataset, { scoring, opened, gradeSalt }: Computed) => ({
  job: job.id,
  leaf: opened.leaf,
  asOfDay: opening.asOfDay,
  termsAmount: opening.termsAmount,
  gradeIndex: scoring.gradeIndex,
  grade: scoring.grade,
  reasons: scoring.reasons,
  gradeSalt,
  resultCommitment: opened.result,
});

const scoredFeatures = ({ features, scoring }: Computed): ScoredFeature[] =>
  features.map((f, j) => ({ name: f.name, value: Number(f.value), points: scoring.points[j] as number }));

async function seal({ keys, secrets }: Session, { job }: CheckedJob, recipient: PartyKey, key: HpkeKey, plaintext: Bytes): Promise<Envelope> {
  const box = await hpkeSeal(key, RESULT_INFO, resultAad(job.id, recipient), secrets.keep(plaintext));
  secrets.wipe(plaintext);
  return sealedResult.sign({ job: job.id, recipient, box }, keys.signing).envelope;
}
