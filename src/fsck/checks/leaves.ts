import type { LeafStatus } from "../../coordinator/chain-port.js";
import type { LeafTable } from "../../coordinator/store/schema.js";
import { field, type Field } from "../../protocol/field.js";
import type { Finding } from "../finding.js";
import { isReadable, readPlanned } from "../planned.js";
import type { Check, Scene } from "../scene.js";

type Table = "leaves" | "proved_leaves";

/** The registries say of every leaf what the store says. The ledger may be ahead of what is pending here, never behind what is settled. */
export const checkLeaves: Check = async (scene) => {
  if (scene.ledger === undefined) return [];
  const { leaf, provedLeaf } = scene.ledger;
  return [...(await checkTable(scene, "leaves", leaf)), ...(await checkTable(scene, "proved_leaves", provedLeaf))];
};

async function checkTable({ db }: Scene, table: Table, ask: (leaf: Field) => Promise<LeafStatus>): Promise<Finding[]> {
  const rows = await db.selectFrom(table).select(["leaf", "state"]).orderBy("leaf").execute();
  const sends = await db.selectFrom("outbox").selectAll().where("kind", "=", table === "leaves" ? "insert_leaf" : "insert_proved_leaf").execute();
  const authorities = new Map<string, Set<string>>();
  for (const { send } of sends.map(readPlanned).filter(isReadable)) {
    if ("authority" in send) authorities.set(send.subject, (authorities.get(send.subject) ?? new Set()).add(send.authority));
  }
  const found: Finding[] = [];
  for (const { leaf, state } of rows) {
    const says = contradiction(state, await ask(field(BigInt(`0x${leaf}`))), authorities.get(leaf));
    if (says !== undefined) found.push({ check: "leaves", kind: says.startsWith("lost") ? "lost" : "contradictory", subject: leaf, says: `${table}: ${says}` });
  }
  return found;
}

function contradiction(state: LeafTable["state"], there: LeafStatus, own: ReadonlySet<string> | undefined): string | undefined {
  const isOwn = there.authority !== undefined && own?.has(there.authority) === true;
  switch (state) {
    // What is under way may have come through already.
    case "pending": return undefined;
    case "anchored":
      if (there.state === "absent") return "lost: anchored here and not in the registry";
      return there.state === "registered" && !isOwn ? "anchored here under another authority than the registry's" : undefined;
    case "revoked": return there.state === "revoked" ? undefined : `revoked here and ${there.state} in the registry`;
    case "refused": return there.state === "registered" && isOwn ? "refused here and in the registry under the same authority" : undefined;
  }
}
