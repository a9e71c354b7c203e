import { z } from "zod";
import { fromBase64, toBase64 } from "./bytes.js";
import { VeriteeError } from "./errors.js";
import { disclosureFromBytes, disclosureToBytes, type Disclosure } from "./objects/disclosure.js";
import { tryParse } from "./schema.js";

const FORMAT = "veritee-disclosure/1";

/** The JSON form. The label is for human eyes: a verifier recomputes it and refuses a file whose label differs. */
export const disclosureFileSchema = z.strictObject({
  format: z.literal(FORMAT),
  labels: z.strictObject({ developmentParameters: z.boolean() }),
  disclosure: z.string().max(1 << 14),
});
export type DisclosureJson = z.infer<typeof disclosureFileSchema>;

/** Whether a file says that it is one; whether it is, disclosureFromJson tells. */
export const isDisclosure = (json: unknown): boolean => z.looseObject({ format: z.literal(FORMAT) }).safeParse(json).success;

export const disclosureToJson = (disclosure: Disclosure): DisclosureJson => ({
  format: FORMAT,
  labels: { developmentParameters: disclosure.developmentParameters },
  disclosure: toBase64(disclosureToBytes(disclosure)),
});

/** @throws disclosure_invalid, input_invalid naming the field, signal_out_of_range */
export function disclosureFromJson(json: unknown): { readonly labels: DisclosureJson["labels"]; readonly disclosure: Disclosure } {
  const parsed = tryParse(disclosureFileSchema, json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const field = issue?.path.join(".") ?? "";
    throw new VeriteeError("disclosure_invalid", field === "" ? "not a disclosure file" : issue?.message ?? "not a disclosure", field === "" ? {} : { field });
  }
  return { labels: parsed.data.labels, disclosure: disclosureFromBytes(fromBase64(parsed.data.disclosure)) };
}
