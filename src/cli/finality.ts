// How deep a receipt lies on the ledger, for people.
import { setTimeout as sleep } from "node:timers/promises";
import { receiptFromJson } from "../protocol/receipt-file.js";
import type { Finality, JobView } from "../transport/api.js";

const LOOK_MS = 1000;

export function finalityWords(finality: Finality | undefined): string {
  if (finality === undefined) return "how deep on the ledger is not known";
  const { state, confirmations, needed } = finality;
  return state === "final" ? `final, ${blocks(confirmations)} above it` : `not final yet: ${confirmations} of ${blocks(needed)} above it`;
}

const blocks = (n: number): string => `${n} ${n === 1 ? "block" : "blocks"}`;

/** What the coordinator said of a receipt when it served it. */
export const servedFinality = (receipt: unknown): Finality | undefined => receiptFromJson(receipt).finality;

/** Follows a job on when it is done, until its receipt is final; a reorganisation may take it back to an earlier state. */
export async function untilFinal(follow: () => Promise<JobView>, told: (view: JobView) => void): Promise<JobView> {
  let said = -1;
  for (;;) {
    const view = await follow();
    if (view.state !== "done" || view.finality === undefined || view.finality.state === "final") return view;
    if (view.finality.confirmations !== said) told(view);
    said = view.finality.confirmations;
    await sleep(LOOK_MS);
  }
}
