import { groupBy } from "../../coordinator/trace/group.js";
import { replaySends } from "../../coordinator/trace/read.js";
import type { Finding } from "../finding.js";
import { isReadable, readPlanned, type Planned } from "../planned.js";
import { before, type Check, type Scene } from "../scene.js";
import { wantedSends, type Wanted } from "../wanted-sends.js";

/** Pauses between tries grow to half a minute: this many are minutes of trouble. */
const MANY_TRIES = 20;
const OVERDUE_SECONDS = 3600;

/** What the store waits for is planned, what is settled has had its effect, and nothing is stuck. */
export const checkSends: Check = async (scene) => {
  const rows = (await scene.db.selectFrom("outbox").selectAll().orderBy("seq").execute()).map(readPlanned);
  const planned = rows.filter(isReadable);
  const bySubject = groupBy(planned, ({ send }) => `${send.kind} ${send.subject}`);
  const unreadable = rows.filter((p) => !isReadable(p)).map(({ row }): Finding => (
    { check: "sends", kind: "damaged", subject: String(row.seq), says: "the planned deed cannot be read" }));
  const lives = (await replaySends(scene.db)).map(({ subject, wrong }): Finding => (
    { check: "sends", kind: "contradictory", subject, says: `the deed's trace: ${wrong.join("; ")}` }));
  const wanted = await wantedSends(scene.db);
  return [
    ...unreadable, ...lives, ...planned.flatMap((deed) => stuck(scene, deed)),
    ...wanted.flatMap((want) => unmet(want, bySubject.get(`${want.kind} ${want.subject}`) ?? [])), ...(await withoutEffect(scene, planned)),
  ];
};

function stuck(scene: Scene, { row }: Planned): Finding[] {
  if (row.state !== "pending") return [];
  const finding = (says: string): Finding[] => [{ check: "sends", kind: "stale", subject: String(row.seq), says: `${row.kind}: ${says}` }];
  if (row.tries >= MANY_TRIES) return finding(`tried ${row.tries} times, last ${row.error_code ?? "without an answer"}`);
  return row.due_at < before(scene, OVERDUE_SECONDS) ? finding(`due since ${row.due_at.toISOString()}, and no sender takes it`) : [];
}

function unmet(want: Wanted, deeds: readonly Planned[]): Finding[] {
  const same = want.send === undefined ? deeds : deeds.filter(({ row }) => row.payload === JSON.stringify(want.send));
  if (same.some(({ row }) => row.state === "pending")) return [];
  const finding = { check: "sends", subject: want.subject } as const;
  const settled = same.at(-1)?.row.state;
  if (settled === "refused" && want.mayBeRefused === true) return [];
  if (settled !== undefined) return [{ ...finding, kind: "contradictory", says: `${want.kind} was settled (${settled}) and the store still waits for it` }];
  return [{
    ...finding, kind: "lost", says: `the store waits for ${want.kind} and nothing plans it${want.send === undefined ? ": its owner must ask again" : ""}`,
    ...(want.send === undefined ? {} : { repair: { name: "plan-send" as const, send: want.send } }),
  }];
}

/** Receipts that were settled one way while their job went the other. */
async function withoutEffect({ db }: Scene, planned: readonly Planned[]): Promise<Finding[]> {
  const jobs = new Map((await db.selectFrom("jobs").select(["id", "state", "attempt"]).execute()).map((job) => [job.id, job]));
  return planned.flatMap(({ row, send }): Finding[] => {
    const job = jobs.get(send.subject);
    if (send.kind !== "submit_receipt" || job?.attempt !== send.attempt) return [];
    // That a settled receipt's job still waits is `unmet`.
    const agree = job.state === "anchoring" || (row.state === "done") === (job.state === "done");
    return agree ? [] : [{ check: "sends", kind: "contradictory", subject: job.id, says: `the receipt's deed is ${row.state} and the job is ${job.state}` }];
  });
}
