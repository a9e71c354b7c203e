import type { Program } from "../program.js";
import { ensureAsOfDay, ensureTerm } from "../terms.js";
import { accumulateInvoices, invoiceElements, type SmeInvoiceAggregates } from "./aggregates.js";
import { characteristics, invoiceFeatures, largestMonth } from "./features.js";
import { ingestInvoices } from "./ingest.js";
import { defaultModel } from "./model.js";
import { canonicalInvoices, cutInvoices, HEADER, packInvoices, SLOTS } from "./packing.js";
import { windowOf } from "./window.js";

/** Credit score of a small enterprise from its VAT invoices, sales and purchases. */
export const smeInvoice: Program<SmeInvoiceAggregates> = {
  id: "sme-invoice/1",
  name: "sme-invoice",
  tag: 101n,
  slotsPerChunk: SLOTS,
  canonical: canonicalInvoices,
  cut: cutInvoices,
  header: () => HEADER,
  pack: packInvoices,
  characteristics,
  defaultModel,
  checkTerms(terms) {
    ensureAsOfDay(terms);
    ensureTerm("termsAmount", terms.termsAmount, 0, 0);
  },
  window({ asOfDay }) {
    const { firstDay, monthOfDay } = windowOf(asOfDay);
    return { firstDay, lastDay: firstDay + monthOfDay.length - 1 };
  },
  accumulator(terms) {
    smeInvoice.checkTerms(terms);
    return accumulateInvoices(terms.asOfDay);
  },
  counterparty: ({ direction, tag }) => `${direction} ${tag}`, // customers and suppliers have names of their own
  aggregateElements: invoiceElements,
  features: invoiceFeatures,
  hints: (aggregates) => ({ maxMonth: BigInt(largestMonth(aggregates)) }),
  ingest: (source) => ingestInvoices(smeInvoice, source),
};
