// Lies that hang together: a result that the platform's own checks find nothing wrong with, under a commitment that opens to it.
import type { Field } from "../../src/protocol/field.js";
import type { PlatformResult } from "../../src/protocol/objects/index.js";
import type { MerklePath } from "../../src/programs/score-input.js";
import { merkleRoot } from "../../src/protocol/commitments.js";
import { commitTo } from "../harness/result-double.js";
import type { Draw } from "./draw.js";
import type { Sealed } from "./parties.js";
import type { Told } from "./receipts.js";
import type { Aggregates, Stage } from "./stage.js";
import { leafOf, scoreOf, type Score } from "./statements.js";

/** Under the right leaf and job, the result that other aggregates would give. */
export function scoreOfAggregates(stage: Stage, draw: Draw, aggregates: Aggregates, path: MerklePath): Score {
  const { parties } = stage;
  const { asked } = parties.datasets;
  const dataset: Sealed = { ...asked, parts: { ...asked.parts, aggregates } };
  const salts = { gradeSalt: draw.bytes(31), detailSalt: draw.bytes(31) };
  const leaf = leafOf(dataset.parts);
  return scoreOf(parties.jobs.open, dataset, parties.model, { ...salts, path: { ...path, root: merkleRoot(leaf, path.index, path.siblings as Field[]) } });
}

/** K and the result fitting each other: the platform opens it without complaint if everything else is in order. */
export function consistent(told: Told, lie: Partial<PlatformResult>): Told {
  const result = { ...told.result, ...lie };
  const { result: k } = commitTo(result);
  return { ...told, result: { ...result, resultCommitment: k }, signals: { ...told.signals, resultCommitment: k } };
}

/** One aggregate changed: a lane by one, or by much, or all for the better. */
export function edited(a: Aggregates, draw: Draw): Aggregates {
  const by = draw.pick([1, 1, 1, 100, 1_000_000, 12_345_678_00]) * draw.sign();
  const counts = ["voidSales", "allSales", "validSales", "suppliers", "largestCustomer"] as const;
  const lane = draw.int(36 + 36 + counts.length);
  const at = (list: readonly number[], i: number): number[] => list.map((v, j) => (j === i ? v + by : v));
  if (lane < 36) return { ...a, sales: at(a.sales, lane) };
  if (lane < 72) return { ...a, margins: at(a.margins, lane - 36) };
  const name = counts[lane - 72] as (typeof counts)[number];
  return { ...a, [name]: a[name] + by < 0 ? a[name] + 1 : a[name] + (Math.abs(by) < 2 ** 23 ? by : 1) };
}
