import type { OutboxRow } from "../../coordinator/store/schema.js";
import { receiptFileSchema } from "../../protocol/receipt-file.js";
import type { Finding } from "../finding.js";
import type { Check, Scene } from "../scene.js";

type Placed = Pick<OutboxRow, "seq" | "kind" | "subject" | "state" | "final" | "tx_hash" | "block_number" | "block_hash">;

/**
 * What is done, and nothing else, has its place on the ledger. That a block is gone whose deeds are not final is no finding: the
 * watcher follows them at its next look.
 */
export const checkPlaces: Check = async (scene) => {
  const rows: readonly Placed[] = await scene.db.selectFrom("outbox").select(["seq", "kind", "subject", "state", "final", "tx_hash", "block_number", "block_hash"]).orderBy("seq").execute();
  return [...rows.flatMap(shape), ...(await ofReceipts(scene, rows)), ...(await offTheChain(scene, rows))];
};

const finding = (row: Placed, kind: Finding["kind"], says: string): Finding => ({ check: "places", kind, subject: String(row.seq), says: `${row.kind}: ${says}` });

function shape(row: Placed): Finding[] {
  if (row.state !== "done") return row.final || row.block_hash !== null ? [finding(row, "contradictory", `${row.state}, and has a place on the ledger`)] : [];
  return row.final || row.block_hash !== null ? [] : [finding(row, "lost", "done, and nobody wrote down in which block")];
}

async function ofReceipts({ db }: Scene, rows: readonly Placed[]): Promise<Finding[]> {
  const files = new Map((await db.selectFrom("receipts").selectAll().execute()).map(({ job, file }) => [job, file]));
  // The last one is the attempt that counts.
  const deeds = new Map(rows.filter((row) => row.kind === "submit_receipt" && row.state === "done" && row.block_hash !== null).map((row) => [row.subject, row]));
  return [...deeds.values()].flatMap((row) => {
    const anchor = anchorIn(files.get(row.subject));
    const same = anchor === undefined || (anchor.blockHash === row.block_hash && anchor.txHash === row.tx_hash && BigInt(anchor.blockNumber) === row.block_number);
    return same ? [] : [finding(row, "contradictory", "in another transaction or block than the receipt's file says")];
  });
}

/** A file that cannot be read, or is not there, is for other checks. */
function anchorIn(file: string | undefined) {
  try {
    return receiptFileSchema.parse(JSON.parse(file ?? "")).anchor;
  } catch {
    return undefined;
  }
}

async function offTheChain({ ledger }: Scene, rows: readonly Placed[]): Promise<Finding[]> {
  if (ledger === undefined) return [];
  const found: Finding[] = [];
  const hashes = new Map<number, string | undefined>();
  for (const row of rows) {
    if (!row.final || row.block_number === null) continue;
    const number = Number(row.block_number);
    if (!hashes.has(number)) hashes.set(number, (await ledger.block(number))?.hash);
    if (hashes.get(number) !== row.block_hash) found.push(finding(row, "contradictory", "called final, and its block is not on the chain"));
  }
  return found;
}
