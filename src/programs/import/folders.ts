import { VeriteeError } from "../../protocol/errors.js";
import type { Program } from "../program.js";
import { accountFolder } from "../retail-account/csv.js";
import { invoiceFolder } from "../sme-invoice/csv.js";
import type { FolderLayout } from "./layout.js";

/** By program name. Apart from the programs themselves, so that who only computes, as a worker does, has no importer in it. */
const FOLDERS: Readonly<Record<string, FolderLayout>> = { "sme-invoice": invoiceFolder, "retail-account": accountFolder };

/** How a program's CSV files look. @throws unsupported */
export function folderOf({ name }: Pick<Program, "name">): FolderLayout {
  const folder = FOLDERS[name];
  if (folder === undefined) throw new VeriteeError("unsupported", "no importer for this program", { program: name });
  return folder;
}
