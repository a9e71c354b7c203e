import { z } from "zod";
import { ensure } from "../protocol/errors.js";
import { hexId, type Measurement } from "../protocol/ids.js";
import { readJson } from "./options.js";
import { ENCLAVE_MANIFEST } from "./paths.js";

/** The measurement that this build's enclave bundle has: what grants and jobs made here allow unless told otherwise. */
export async function builtMeasurement(): Promise<Measurement> {
  const parsed = z.looseObject({ measurement: z.string() }).safeParse(await readJson(ENCLAVE_MANIFEST));
  ensure(parsed.success, "config_invalid", "the enclave has not been bundled: run `npm run build`", { file: ENCLAVE_MANIFEST });
  return hexId<Measurement>(parsed.data.measurement, 48, "measurement");
}
