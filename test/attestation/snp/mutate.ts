import { VeriteeError } from "../../../src/protocol/errors.js";

/** Runs of a property: few in each test run, `VERITEE_FUZZ_RUNS` raises them. */
export const fuzzRuns = (): number => Number(process.env["VERITEE_FUZZ_RUNS"] ?? 200);

export function flipBit(bytes: Uint8Array, bit: number): Uint8Array {
  const out = Uint8Array.from(bytes);
  out[bit >> 3] = (out[bit >> 3] as number) ^ (1 << (bit & 7));
  return out;
}

/** `accepted`, or the code of the refusal. Anything thrown that is no VeriteeError is a crash and fails the test. */
export async function verdict(appraise: () => Promise<unknown>): Promise<string> {
  try {
    await appraise();
    return "accepted";
  } catch (error) {
    if (error instanceof VeriteeError) return error.code;
    throw error;
  }
}
