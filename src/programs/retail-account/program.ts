import type { Program } from "../program.js";
import { ensureAsOfDay, ensureTerm } from "../terms.js";
import { accumulateTransactions, transactionElements, type RetailAccountAggregates } from "./aggregates.js";
import { characteristics, transactionFeatures } from "./features.js";
import { ingestTransactions } from "./ingest.js";
import { defaultModel } from "./model.js";
import { canonicalTransactions, cutTransactions, packTransactions, SLOTS, transactionsHeader } from "./packing.js";
import { MONEY_BOUND } from "./transaction.js";

/** Credit score of an account holder from its transactions before a loan. Terms: loan date and monthly instalment. */
export const retailAccount: Program<RetailAccountAggregates> = {
  id: "retail-account/1",
  name: "retail-account",
  tag: 201n,
  slotsPerChunk: SLOTS,
  canonical: canonicalTransactions,
  cut: cutTransactions,
  header: transactionsHeader,
  pack: packTransactions,
  characteristics,
  defaultModel,
  checkTerms(terms) {
    ensureAsOfDay(terms);
    ensureTerm("termsAmount", terms.termsAmount, 1, MONEY_BOUND - 1);
  },
  window: ({ asOfDay }) => ({ firstDay: 0, lastDay: asOfDay - 1 }),
  accumulator(terms) {
    retailAccount.checkTerms(terms);
    return accumulateTransactions(terms);
  },
  counterparty: ({ tag }) => String(tag),
  aggregateElements: transactionElements,
  features: transactionFeatures,
  hints: () => ({}),
  ingest: (source) => ingestTransactions(retailAccount, source),
};
