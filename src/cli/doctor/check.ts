import { VeriteeError } from "../../protocol/errors.js";

/** One finding of `veritee doctor`. */
export interface Check {
  readonly name: string;
  /** False when somebody should do something. */
  readonly ok: boolean;
  /** What was found and, where it is not well, what would cure it. */
  readonly detail: string;
  readonly facts?: Readonly<Record<string, string | number | boolean>>;
}

/** A check that fails is a finding, never the end of the others. */
export async function checked(name: string, work: () => Promise<Omit<Check, "name">>): Promise<Check> {
  try {
    return { name, ...(await work()) };
  } catch (error) {
    const code = error instanceof VeriteeError ? error.code : "internal";
    return { name, ok: false, detail: error instanceof Error ? error.message : String(error), facts: { code } };
  }
}
