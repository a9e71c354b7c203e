import { toHex } from "../../protocol/bytes.js";
import { ensure, VeriteeError } from "../../protocol/errors.js";
import type { ChainClient } from "../client.js";
import type { BlockRef, ChainReader, Deployment } from "../ports.js";
import { readerOf } from "../reader.js";
import type { TellTrouble } from "./trouble.js";

export interface Agreement {
  /** How many blocks a node may be behind the others. */
  readonly maxLag?: number;
  readonly told?: TellTrouble;
}

const MAX_LAG = 16;

type Answer = { readonly value: unknown } | { readonly error: VeriteeError };
type Method = (...args: never[]) => Promise<unknown>;

/**
 * Several nodes as one: what it says, all of them say. State is read as of the highest block that all have, so that a node that
 * is a little behind contradicts nobody. One that is away, lags too far or says something else makes the answer
 * chain_unavailable, whose facts name the question and the nodes by position.
 */
export function agreeingReader(clients: readonly ChainClient[], deployment: Deployment, { maxLag = MAX_LAG, told = () => undefined }: Agreement = {}): ChainReader {
  const latest = clients.map((client) => readerOf(client, deployment));
  let underWay: Promise<BlockRef> | undefined;
  // Questions that come together are about the same block.
  const head = (): Promise<BlockRef> => (underWay ??= commonHead(latest, maxLag, told).finally(() => { underWay = undefined; }));

  const asked = (name: keyof ChainReader): Method => async (...args) => {
    const { number: at } = await head();
    const readers = clients.map((client) => readerOf({ ...client, at }, deployment));
    return agreed(name, await Promise.all(readers.map((reader) => answerOf((reader[name] as Method)(...args)))), told);
  };
  const methods = Object.fromEntries(Object.keys(latest[0] ?? {}).filter((name) => name !== "deployment").map((name) => [name, asked(name as keyof ChainReader)]));
  // Pools are not chains: a transaction that one node holds may get into a block.
  const isPending = async (hash: string): Promise<boolean> =>
    (await Promise.all(latest.map((reader) => answerOf(reader.isPending(hash))))).some((answer) => "value" in answer && answer.value === true);
  return { ...(methods as unknown as ChainReader), deployment, head, isPending };
}

/** The lowest of all heads, which every node has under the same hash. */
async function commonHead(readers: readonly ChainReader[], maxLag: number, told: TellTrouble): Promise<BlockRef> {
  const answers = await Promise.all(readers.map((reader) => answerOf(reader.head())));
  ensureAllHere("head", answers, told);
  const heads = answers.map((answer) => (answer as { value: BlockRef }).value);
  const numbers = heads.map(({ number }) => number);
  const [lowest, highest] = [Math.min(...numbers), Math.max(...numbers)];
  if (highest - lowest > maxLag) {
    const late = positions(numbers.map((number) => highest - number > maxLag));
    late.forEach((endpoint) => { told({ endpoint, kind: "lags", question: "head" }); });
    throw unavailable("a node of the chain is too far behind", "head", late, { behind: highest - lowest, limit: maxLag });
  }
  const blocks = await Promise.all(readers.map((reader, i) => answerOf(numbers[i] === lowest ? Promise.resolve(heads[i]) : reader.block(lowest))));
  return agreed("head", blocks, told) as BlockRef;
}

/** What all say. A refusal that all give alike is theirs together. */
function agreed(question: string, answers: readonly Answer[], told: TellTrouble): unknown {
  ensureAllHere(question, answers, told);
  const prints = answers.map(print);
  const odd = strangers(prints);
  if (odd.length > 0) {
    odd.forEach((endpoint) => { told({ endpoint, kind: "disagrees", question }); });
    throw unavailable("the nodes of the chain disagree", question, odd);
  }
  const [first] = answers;
  if (first === undefined || "error" in first) throw first?.error ?? new Error("no node");
  return first.value;
}

function ensureAllHere(question: string, answers: readonly Answer[], told: TellTrouble): void {
  const away = positions(answers.map((answer) => "error" in answer && answer.error.code === "chain_unavailable"));
  if (away.length === 0) return;
  away.forEach((endpoint) => { told({ endpoint, kind: "away", question }); });
  throw unavailable("a node of the chain does not answer as it should", question, away);
}

/** Those outside the majority; all of them where there is none. */
function strangers(prints: readonly string[]): readonly number[] {
  const counts = new Map<string, number>();
  for (const p of prints) counts.set(p, (counts.get(p) ?? 0) + 1);
  const [most] = [...counts].toSorted(([, a], [, b]) => b - a);
  const isMajority = most !== undefined && most[1] * 2 > prints.length;
  return counts.size === 1 ? [] : positions(prints.map((p) => !isMajority || p !== most[0]));
}

const positions = (flags: readonly boolean[]): readonly number[] => flags.flatMap((flag, i) => (flag ? [i + 1] : []));

const unavailable = (message: string, question: string, endpoints: readonly number[], facts: Readonly<Record<string, number>> = {}): VeriteeError =>
  new VeriteeError("chain_unavailable", message, { question, endpoints: endpoints.join(", "), ...facts });

async function answerOf(asked: Promise<unknown>): Promise<Answer> {
  try {
    return { value: await asked };
  } catch (error) {
    ensure(error instanceof VeriteeError, "chain_unavailable", "a node's answer could not be read");
    return { error };
  }
}

const print = (answer: Answer): string => ("error" in answer ? `refused ${answer.error.code} ${String(answer.error.facts["reason"])} ${String(answer.error.facts["index"])}`
  : JSON.stringify(answer.value, (_, value: unknown) => (typeof value === "bigint" ? `${value}n` : value instanceof Uint8Array ? toHex(value) : value)) ?? "undefined");
