import { field } from "../../protocol/field.js";
import type { Finding } from "../finding.js";
import type { Check } from "../scene.js";

/** A model that is anchored here has its commitment on the ledger. */
export const checkModels: Check = async ({ db, ledger }) => {
  if (ledger === undefined) return [];
  const models = await db.selectFrom("models").select(["id", "commitment"]).where("anchored", "=", true).orderBy("id").execute();
  const found: Finding[] = [];
  for (const { id, commitment } of models) {
    if (await ledger.isModelRegistered(field(BigInt(`0x${commitment}`)))) continue;
    found.push({ check: "models", kind: "lost", subject: id, says: "anchored here and its commitment is not on the ledger" });
  }
  return found;
};
