import { checkLines, verdict } from "./explain.js";
import type { DisclosureFacts, DisclosureReport, ResultFacts } from "./disclosure-types.js";

/** A report in lines for people: the verdict and its limits first, then what the disclosure says, then every check. */
export function explainDisclosure(report: DisclosureReport): readonly string[] {
  return [verdict(report), ...warnings(report), ...says(report), ...checkLines(report)];
}

function* warnings({ developmentParameters, chainChecked, ledgerKnown, facts, receipt }: DisclosureReport): Generator<string> {
  if (facts === undefined) return; // nothing was read that a note could be about
  if (receipt?.simulated === true) yield "note: SIMULATED evidence: no hardware protected the data";
  if (developmentParameters) yield "note: DEVELOPMENT parameters: whoever wants can forge such a proof";
  if (receipt === undefined) yield "note: no receipt was given: nothing is known of the worker";
  if (!chainChecked) yield "note: the ledger was not asked: whether it recorded this result is the receipt's word";
  if (!ledgerKnown) yield "note: no ledger was named: compare chain and ledger below with the deployment that you know";
  if (facts.owner === undefined) yield "note: whose result it is is not shown";
  if (facts.model === undefined) yield "note: the model is not shown: what its score and grades mean is the platform's word";
}

function* says({ facts, result }: DisclosureReport): Generator<string> {
  if (facts === undefined) return;
  yield `${about(result)} with ${claims(facts).join(" and ")}`;
  if (facts.owner !== undefined) yield `of enterprise ${facts.owner}`;
  if (facts.model !== undefined) yield `by model ${facts.model}`;
  yield `for ${facts.recipient}, until ${new Date(facts.expiresAt * 1000).toISOString()}`;
  yield `job ${facts.jobBinding}, chain ${facts.chainId}, ledger ${facts.ledger}`;
}

const about = (facts: ResultFacts | undefined): string => facts === undefined ? "a result"
  : `a result of ${facts.program} as of ${facts.asOfDate} (source: ${facts.source}, dataset ${facts.datasetProved ? "proved" : "NOT proved"})`;

function claims({ scoreAtLeast, gradeRankAtMost }: DisclosureFacts): string[] {
  return [
    ...(scoreAtLeast === undefined ? [] : [`a score of at least ${scoreAtLeast}`]),
    ...(gradeRankAtMost === undefined ? [] : [gradeRankAtMost === 1 ? "the best grade" : `one of the ${gradeRankAtMost} best grades`]),
  ];
}
