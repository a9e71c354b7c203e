/** A state machine as a table. What is not in the table changes nothing. */
export interface Machine<S extends string = string, E extends string = string> {
  readonly name: string;
  readonly initial: S;
  readonly transitions: readonly Transition<S, E>[];
  /** Whether its trace has events too that changed nothing. */
  readonly recordsNoOps?: true;
  /** Events that count as failures of whatever lives this life. */
  readonly failures?: readonly E[];
}

/** `guard` names a condition on more than the state; whoever replays a trace without those facts takes it as met. */
export interface Transition<S extends string = string, E extends string = string> {
  readonly from: S;
  readonly event: E;
  readonly guard?: string;
  readonly to: S;
}

/** The state after an event of a machine without guards, undefined when the event changes nothing in this state. */
export const stepOf = <S extends string, E extends string>(machine: Machine<S, E>, from: S, event: E): S | undefined =>
  machine.transitions.find((t) => t.from === from && t.event === event)?.to;
