import { hashesOf } from "../../coordinator/transactions/rows.js";
import { subjectOf } from "../../coordinator/transactions/transitions.js";
import { groupBy } from "../../coordinator/trace/group.js";
import { replayTransactions } from "../../coordinator/trace/read.js";
import type { ChainTransactionRow } from "../../coordinator/store/schema.js";
import type { Finding } from "../finding.js";
import { before, type Check, type Scene } from "../scene.js";

const STUCK_SECONDS = 3600;

type Row = Pick<ChainTransactionRow, "account" | "nonce" | "state" | "digest" | "hashes" | "fillers" | "mined_hash" | "created_at">;

/** Every nonce that was given out has one transaction, every call at most one that is under way, and a settled deed's transaction is what the journal says. */
export const checkTransactions: Check = async (scene) => {
  const rows = await scene.db.selectFrom("chain_transactions")
    .select(["account", "nonce", "state", "digest", "hashes", "fillers", "mined_hash", "created_at"]).orderBy("account").orderBy("nonce").execute();
  const lives = (await replayTransactions(scene.db)).map(({ subject, wrong }) => finding("contradictory", subject, `the nonce's trace: ${wrong.join("; ")}`));
  return [...lives, ...await outOfLine(scene, rows), ...doubled(rows), ...stuck(scene, rows), ...await ofDeeds(scene, rows)];
};

/** Nonces without a row would hold up all that come after, and rows beyond what was given out are nobody's. */
async function outOfLine({ db }: Scene, rows: readonly Row[]): Promise<Finding[]> {
  const byAccount = groupBy(rows, (row) => row.account);
  return (await db.selectFrom("chain_accounts").selectAll().execute()).flatMap(({ account, first_nonce: first, next_nonce: next }) => {
    const nonces = new Set((byAccount.get(account) ?? []).map((row) => row.nonce));
    const missing = Array.from({ length: Number(next - first) }, (_, i) => first + BigInt(i)).filter((nonce) => !nonces.has(nonce));
    return [
      ...missing.map((nonce) => finding("lost", subjectOf(account, nonce), "the nonce was given out and has no transaction")),
      ...[...nonces].filter((nonce) => nonce < first || nonce >= next).map((nonce) => finding("contradictory", subjectOf(account, nonce), "the nonce was never given out")),
    ];
  });
}

function doubled(rows: readonly Row[]): Finding[] {
  const live = groupBy(rows.filter((row) => isLive(row) && row.digest !== null), (row) => `${row.account} ${row.digest}`);
  const inBlock = groupBy(rows.filter((row) => row.mined_hash !== null), (row) => row.mined_hash as string);
  return [
    ...[...live.values()].flatMap((group) => group.slice(1)).map((row) => finding("duplicated", nameOf(row), "another transaction that is under way makes the same call")),
    ...[...inBlock.values()].flatMap((group) => group.slice(1)).map((row) => finding("duplicated", nameOf(row), "another nonce is said to be used by the same transaction")),
  ];
}

const stuck = (scene: Scene, rows: readonly Row[]): Finding[] =>
  rows.filter((row) => isLive(row) && row.created_at < before(scene, STUCK_SECONDS))
    .map((row) => finding("stale", nameOf(row), `in no block since ${row.created_at.toISOString()}`));

/**
 * Anyone may do most deeds first, so a deed may be settled by a transaction that is not here. One that is here did it, or will
 * be seen to: a deed's effect may be found before anybody looked after its transaction.
 */
async function ofDeeds({ db }: Scene, rows: readonly Row[]): Promise<Finding[]> {
  const deeds = await db.selectFrom("outbox").select(["seq", "kind", "tx_hash"]).where("state", "=", "done").where("tx_hash", "is not", null).execute();
  const owners = new Map(rows.flatMap((row) => hashesOf(row).map((hash, i, all) => [hash, { row, filler: i >= all.length - row.fillers }] as const)));
  return deeds.flatMap(({ seq, kind, tx_hash: hash }): Finding[] => {
    const owner = owners.get(hash ?? "");
    if (owner === undefined) return [];
    if (owner.filler) return [finding("contradictory", nameOf(owner.row), `${kind} ${seq} is settled by a transaction that only used the nonce up`)];
    return isLive(owner.row) || owner.row.mined_hash === hash ? [] : [finding("contradictory", nameOf(owner.row), `${kind} ${seq} is settled by a transaction that is in no block`)];
  });
}

const isLive = ({ state }: Row): boolean => state === "signed" || state === "sent";
const nameOf = ({ account, nonce }: Row): string => subjectOf(account, nonce);
const finding = (kind: Finding["kind"], subject: string, says: string): Finding => ({ check: "transactions", kind, subject, says });
