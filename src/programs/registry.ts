import { VeriteeError } from "../protocol/errors.js";
import type { Program } from "./program.js";
import { retailAccount } from "./retail-account/program.js";
import { smeInvoice } from "./sme-invoice/program.js";

/** Every program. Adding one is a folder, a line here and one in import/folders.ts. */
export const programs: readonly Program[] = [smeInvoice, retailAccount];

const find = (key: "id" | "name", wanted: string): Program => {
  const program = programs.find((p) => p[key] === wanted);
  if (program !== undefined) return program;
  throw new VeriteeError("unsupported", "unknown program", { program: wanted, known: programs.map((p) => p[key]).join(", ") });
};

/** By id with version, e.g. "sme-invoice/1". @throws unsupported */
export const programById = (id: string): Program => find("id", id);

/** By the name that users type, e.g. "sme-invoice". @throws unsupported */
export const programByName = (name: string): Program => find("name", name);
