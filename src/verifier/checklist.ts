import { VeriteeError } from "../protocol/errors.js";
import type { Check, CheckName } from "./types.js";

/** Says what was found; throws a VeriteeError that says what is wrong. */
export type CheckBody = () => string | Promise<string>;

/** Runs checks and notes how each ended. Whatever a check throws, the next one still runs. */
export class Checklist {
  readonly checks: Check[] = [];

  async run(name: CheckName, body: CheckBody): Promise<boolean> {
    try {
      return this.#note(name, true, await body());
    } catch (error) {
      return this.#note(name, false, reasonOf(error));
    }
  }

  /** A check that has nothing to work on counts as failed. */
  blocked(names: readonly CheckName[], why: string): void {
    for (const name of names) this.#note(name, false, `not checked: ${why}`);
  }

  passed(name: CheckName): boolean {
    return this.checks.some((c) => c.name === name && c.ok);
  }

  #note(name: CheckName, ok: boolean, detail: string): boolean {
    this.checks.push({ name, ok, detail });
    return ok;
  }
}

/** A node that breaks down is a failed check with a reason of its own. */
export const answered = (body: () => Promise<string>) => async (): Promise<string> => {
  try {
    return await body();
  } catch (cause) {
    if (cause instanceof VeriteeError) throw cause;
    throw new VeriteeError("chain_unavailable", "the node does not answer", {}, { cause });
  }
};

/** An error in one sentence, facts included. Texts from the receipt are cut, so that a report stays a report. */
function reasonOf(error: unknown): string {
  if (!(error instanceof VeriteeError)) return "the check broke off";
  const facts = Object.entries(error.facts).map(([name, value]) => `${name} ${String(value).slice(0, 100)}`);
  return facts.length === 0 ? error.message : `${error.message} (${facts.join(", ")})`;
}
