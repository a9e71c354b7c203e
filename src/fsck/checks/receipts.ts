import type { Db } from "../../coordinator/store/schema.js";
import { jobBinding } from "../../protocol/commitments.js";
import { equalBytes } from "../../protocol/bytes.js";
import { envelopeToBytes } from "../../protocol/dsse.js";
import type { Field } from "../../protocol/field.js";
import { idBytes, type JobId } from "../../protocol/ids.js";
import { receiptStatement } from "../../protocol/objects/receipt.js";
import { receiptFromJson, type LedgerAnchor } from "../../protocol/receipt-file.js";
import type { Finding } from "../finding.js";
import type { Check, Scene } from "../scene.js";

type Row = Awaited<ReturnType<typeof readRows>>[number];
/** What the store claims of a receipt: its K, and where the ledger has it once it is anchored. */
interface Claim { readonly resultCommitment: Field; readonly anchor?: LedgerAnchor }

const ASKED_AT_ONCE = 8;

/** A job's receipt is what its worker signed; the ledger has it under the job's J when the store says so, and only then. */
export const checkReceipts: Check = async (scene) => {
  const found: Finding[] = [];
  const rows = await readRows(scene);
  for (let i = 0; i < rows.length; i += ASKED_AT_ONCE) {
    const some = await Promise.all(rows.slice(i, i + ASKED_AT_ONCE).map((row) => checkJob(scene, row)));
    found.push(...some.flat());
  }
  return found;
};

/** Also of jobs that nobody has worked on: a store that was put back from a backup may be behind the ledger. */
const readRows = ({ db }: Scene) =>
  db.selectFrom("jobs as j").leftJoin("completions as c", (on) => on.onRef("c.job", "=", "j.id").onRef("c.attempt", "=", "j.attempt"))
    .leftJoin("receipts as r", "r.job", "j.id")
    .select(["j.id", "j.state", "c.receipt", "r.file"])
    .select((eb) => eb.exists(eb.selectFrom("job_events as e").select("e.seq").whereRef("e.job", "=", "j.id").where("e.event", "=", "overtaken").where("e.to_state", "=", "failed")).as("overtaken"))
    .select((eb) => eb.exists(eb.selectFrom("outbox as o").select("o.seq").whereRef("o.subject", "=", "j.id").where("o.undone", ">", 0)).as("proved_again"))
    .orderBy("j.id").execute();

async function checkJob({ db, ledger }: Scene, row: Row): Promise<Finding[]> {
  const finding = (kind: Finding["kind"], says: string): Finding => ({ check: "receipts", kind, subject: row.id, says });
  const binding = jobBinding(idBytes(row.id as JobId));
  let claim: ReturnType<typeof readClaim>;
  try {
    claim = readClaim(row, binding);
  } catch (error) {
    return [finding("damaged", `the stored receipt cannot be read: ${error instanceof Error ? error.message : String(error)}`)];
  }
  if (claim === "foreign") return [finding("contradictory", "the stored receipt is not what the worker handed in for this job")];
  if (ledger === undefined) return [];
  const record = await ledger.receipt(binding);
  if (record === undefined) return row.state === "done" ? [finding("lost", "the job is done and the ledger has no receipt of it")] : [];
  if (row.state === "failed" && row.overtaken) return [];
  // An answer of the ledger that was lost leaves a job anchoring whose receipt is there; the next try finds it.
  const says = row.state !== "done" && row.state !== "anchoring" ? `the ledger has a receipt of the job, which is ${row.state} here`
    : claim?.resultCommitment !== record.resultCommitment ? "the ledger has a receipt of the job with another result (K)" : undefined;
  if (says !== undefined) {
    const isOpen = row.state !== "done" && row.state !== "failed";
    const own = isOpen && await wasHandedIn(db, row.id, record.resultCommitment);
    // A reorganisation sent the job back, and then brought an attempt's receipt after all: the job's next receipt finds it.
    if (own && row.proved_again) return [];
    const overtaken = isOpen && !own;
    return [{ ...finding("contradictory", says), ...(overtaken ? { repair: { name: "end-overtaken" as const, job: row.id } } : {}) }];
  }
  if (claim === undefined) return [];
  const { anchor } = claim;
  const moved = anchor !== undefined && (anchor.txHash !== record.mined.txHash || anchor.blockHash !== record.mined.blockHash);
  return moved ? [finding("contradictory", "the ledger has the receipt in another transaction or block than the receipt file says")] : [];
}

/** Whether any attempt that this store knows of had that result; one that cannot be read may have. */
async function wasHandedIn(db: Db, job: string, resultCommitment: Field): Promise<boolean> {
  const attempts = await db.selectFrom("completions").select("receipt").where("job", "=", job).execute();
  return attempts.some(({ receipt }) => {
    try {
      return receiptStatement.open(receipt).value.resultCommitment === resultCommitment;
    } catch {
      return true;
    }
  });
}

function readClaim({ receipt, file, state }: Row, binding: Field): Claim | "foreign" | undefined {
  if (receipt === null || (state !== "done" && state !== "anchoring")) return undefined;
  const { value } = receiptStatement.open(receipt);
  if (value.jobBinding !== binding) return "foreign";
  if (file === null) return value;
  const { statement, anchor } = receiptFromJson(JSON.parse(file));
  return equalBytes(envelopeToBytes(statement), receipt) ? { resultCommitment: value.resultCommitment, anchor } : "foreign";
}
