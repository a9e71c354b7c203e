import type { BaseError } from "viem";
import { VeriteeError } from "../protocol/errors.js";
import { refusalName, type BatchRefusal } from "./refusals.js";

/**
 * What a failed call means to us: a contract's custom error by name, which is final, or anything else, which may pass.
 * Never carries viem's own message on: it quotes the call's arguments and the URL, which may hold an access key.
 */
export function refused(action: string, error: unknown): VeriteeError {
  if (error instanceof VeriteeError) return error;
  const refusal = refusalIn(error);
  if (refusal === undefined) {
    return new VeriteeError("chain_unavailable", "the chain's node did not answer as it should", { action, kind: kindOf(error) });
  }
  const { reason, index } = refusal;
  const code = reason === "RootUnknown" ? "root_unknown" : "chain_refused";
  return new VeriteeError(code, "the ledger refused", { action, reason, ...(index === undefined ? {} : { index }) });
}

/** Undefined for the one error that says "there is none"; others pass. */
export const absent = (name: string) => (error: unknown): undefined => {
  if (error instanceof Error && error.name === name) return undefined;
  throw error;
};

interface Reverted extends BaseError {
  readonly data?: { readonly errorName: string; readonly args?: readonly unknown[] };
  readonly signature?: string;
  readonly reason?: string;
}

/**
 * Name of the contract's error, "reverted" when it gave none; undefined when it was not the chain that said no. An error
 * about one receipt of a batch comes under that receipt's own reason, with its position.
 */
function refusalIn(error: unknown): BatchRefusal | undefined {
  for (const cause of causes(error)) {
    if (cause.name === "ContractFunctionRevertedError") {
      const { data, signature, reason } = cause as Reverted;
      if (data?.errorName === "EntryRefused") return { reason: refusalName(String(data.args?.[1])), index: Number(data.args?.[0]) };
      return { reason: data?.errorName ?? signature ?? reason ?? "reverted", index: undefined };
    }
    if (cause.name === "ExecutionRevertedError" || cause.name === "CallExecutionError") return { reason: "reverted", index: undefined };
    if (cause.name === "ContractFunctionZeroDataError") return { reason: "NoContract", index: undefined };
  }
  return undefined;
}

/** InsufficientFundsError is among these: an empty account is filled up, and the deed is as good as before. */
const kindOf = (error: unknown): string => {
  const names = [...causes(error)].map((cause) => cause.name);
  return names.find((name) => name === "InsufficientFundsError") ?? names.at(-1) ?? "unknown";
};

function* causes(error: unknown): Generator<Error> {
  for (let e = error; e instanceof Error; e = e.cause) yield e;
}
