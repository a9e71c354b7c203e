import type { Report } from "./types.js";

/** A report in lines for people: the verdict and its limits first, then what the receipt says, then every check. */
export function explain(report: Report): readonly string[] {
  return [verdict(report), ...warnings(report), ...says(report), ...checkLines(report)];
}

export const checkLines = ({ checks }: Pick<Report, "checks">): string[] => checks.map((c) => `${c.ok ? "pass" : "FAIL"}  ${c.name}: ${c.detail}`);

export function verdict({ ok, checks }: Pick<Report, "ok" | "checks">): string {
  const failed = checks.filter((c) => !c.ok).length;
  return ok ? `VERIFIED: all ${checks.length} checks passed` : `REFUSED: ${failed} of ${checks.length} checks failed`;
}

function* warnings({ simulated, developmentParameters, chainChecked, ledgerKnown, facts }: Report): Generator<string> {
  if (facts === undefined) return; // nothing was read that a note could be about
  if (simulated) yield "note: SIMULATED evidence: no hardware protected the data";
  if (developmentParameters) yield "note: DEVELOPMENT parameters: whoever wants can forge such a proof";
  if (!chainChecked) yield "note: the ledger was not asked: whether it recorded this receipt is the file's word";
  if (!chainChecked && facts.finality !== undefined && facts.finality.state !== "final") {
    yield `note: NOT FINAL when it was served: ${facts.finality.confirmations} of ${facts.finality.needed} blocks above it; a reorganisation may move it`;
  }
  if (!ledgerKnown) yield "note: no ledger was named: compare chain and ledger below with the deployment that you know";
}

function* says({ facts }: Report): Generator<string> {
  if (facts === undefined) return;
  yield `a result of ${facts.program} as of ${facts.asOfDate}, source: ${facts.source}, dataset ${facts.datasetProved ? "proved" : "NOT proved"}`;
  yield `job ${facts.jobBinding}, result commitment ${facts.resultCommitment}`;
  yield `chain ${facts.chainId}, ledger ${facts.ledger}, block ${facts.blockNumber}`;
}
