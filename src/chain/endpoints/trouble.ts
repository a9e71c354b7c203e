/** What is wrong with one of several nodes, named by its position from 1: its URL may hold a key. */
export interface EndpointTrouble {
  readonly endpoint: number;
  /** `away`: no answer; `lags`: too far behind the others; `disagrees`: another answer than the others' to the same question. */
  readonly kind: "away" | "lags" | "disagrees";
  readonly question: string;
}

export type TellTrouble = (trouble: EndpointTrouble) => void;

/** Tells the same of the same node once in a while only: what is wrong with it is wrong at every question. */
export function calmly(tell: TellTrouble, pauseMs: number): TellTrouble {
  const last = new Map<string, number>();
  return (trouble) => {
    const [name, now] = [`${trouble.kind} ${trouble.endpoint}`, performance.now()];
    if (now - (last.get(name) ?? Number.NEGATIVE_INFINITY) < pauseMs) return;
    last.set(name, now);
    tell(trouble);
  };
}
