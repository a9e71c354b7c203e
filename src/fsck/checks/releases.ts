import type { ReleaseEntry } from "../../broker/release-log/entry.js";
import { groupBy } from "../../coordinator/trace/group.js";
import { keyReply } from "../../protocol/objects/key-release.js";
import type { Finding } from "../finding.js";
import type { Check, Scene, SeenLog } from "../scene.js";

type Row = { readonly id: string; readonly job: string; readonly holder: string; readonly worker: string; readonly reply: Uint8Array | null };

/**
 * Brokers' logs and the store tell the same releases. A line is on disk before its reply leaves, so a line without a reply
 * is a broker that stopped between the two; a reply without a line is a release that its log hides.
 */
export const checkReleases: Check = async (scene) => (await Promise.all(scene.logs.map((log) => checkLog(scene, log)))).flat();

async function checkLog({ db }: Scene, log: SeenLog): Promise<Finding[]> {
  const columns = ["id", "job", "holder", "worker", "reply"] as const;
  const rows: Row[] = await db.selectFrom("key_requests").select(columns).where("holder", "=", log.holder).orderBy("id").execute();
  const byId = new Map(rows.map((row) => [row.id, row]));
  return [...log.before.flatMap((entry) => unknown(entry, byId.get(entry.request))), ...twice(log.before), ...hidden(rows, await log.read())];
}

function unknown(entry: ReleaseEntry, row: Row | undefined): Finding[] {
  const finding = (says: string): Finding[] => [{ check: "releases", kind: "contradictory", subject: entry.request, says: `line ${entry.seq} of the release log: ${says}` }];
  if (row === undefined) return finding(`${entry.outcome === "released" ? "a release" : "a refusal"} for a request that the store does not know`);
  return row.job === entry.job && row.worker === entry.worker ? [] : finding("the store has the request for another job or worker");
}

function twice(entries: readonly ReleaseEntry[]): Finding[] {
  const released = groupBy(entries.filter((entry) => entry.outcome === "released"), (entry) => entry.request);
  return [...released].filter(([, lines]) => lines.length > 1).map(([subject, lines]): Finding => (
    { check: "releases", kind: "duplicated", subject, says: `the release log has ${lines.length} releases for one request` }));
}

function hidden(rows: readonly Row[], entries: readonly ReleaseEntry[]): Finding[] {
  const logged = new Set(entries.map((entry) => `${entry.request} ${entry.outcome}`));
  return rows.flatMap(({ id, reply }): Finding[] => {
    if (reply === null) return [];
    const outcome = outcomeOf(reply);
    if (outcome === undefined) return [{ check: "releases", kind: "damaged", subject: id, says: "the stored reply cannot be read" }];
    return logged.has(`${id} ${outcome}`) ? [] : [{ check: "releases", kind: "contradictory", subject: id, says: `the store has a reply (${outcome}) that the holder's release log does not` }];
  });
}

function outcomeOf(reply: Uint8Array): "released" | "refused" | undefined {
  try {
    return keyReply.open(reply).value.outcome.kind;
  } catch {
    return undefined;
  }
}
