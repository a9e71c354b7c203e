import type { Machine } from "../../../src/coordinator/trace/machine.js";

export interface LifeStep { readonly event: string; readonly from: string; readonly to: string }

/** The migration with which each event came, by machine; the others are as old as the machine. */
const SINCE: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  job: { undone: "0008", overtaken: "0013" },
  send: { confirm: "0008", moved: "0008", undone: "0008", dropped: "0008" },
};
/** A beat is in the table and leaves no trace. */
const UNRECORDED: Readonly<Record<string, readonly string[]>> = { job: ["progress"] };

/** For each transition that a machine had at a stage, the shortest life that ends with it; and the life in which nothing happened. */
export function livesOf({ name, initial, transitions }: Machine, stage: string): readonly (readonly LifeStep[])[] {
  const known = transitions.filter(({ event }) => (SINCE[name]?.[event] ?? "") <= stage && !(UNRECORDED[name] ?? []).includes(event));
  const ways = new Map<string, readonly LifeStep[]>([[initial, []]]);
  for (const [state, way] of ways) {
    for (const { from, event, to } of known) if (from === state && !ways.has(to)) ways.set(to, [...way, { event, from, to }]);
  }
  return [[], ...known.map(({ from, event, to }) => [...ways.get(from) as readonly LifeStep[], { event, from, to }])];
}

export const endOf = ({ initial }: Machine, life: readonly LifeStep[]): string => life.at(-1)?.to ?? initial;
export const countOf = (life: readonly LifeStep[], events: readonly string[]): number => life.filter(({ event }) => events.includes(event)).length;
