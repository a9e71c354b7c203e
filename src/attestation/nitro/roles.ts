import { ensure } from "../../protocol/errors.js";
import type { Certificate } from "../x509/certificate.js";
import type { Roles } from "../x509/path.js";

export type NitroAnchor = "aws" | "sim";

/** What common names begin with: they belong to the anchor. */
const PREFIX: Readonly<Record<NitroAnchor, string>> = { aws: "", sim: "SIM " };

/**
 * The leaf is the module's own (`<module id>.<region>...`) with the right to sign, and its issuer is the instance of which
 * the module is a part (`<instance id>.<region>...`, the module id being `<instance id>-enc<number>`).
 */
export const nitroRoles = (anchor: NitroAnchor, moduleId: string): Roles => {
  const prefix = PREFIX[anchor];
  const instance = moduleId.replace(/-enc[0-9a-f]+$/, "");
  return (certificate, depth) => {
    if (depth === 0) {
      ensureNamed(certificate, `${prefix}${moduleId}.`, "the leaf is not this module's");
      ensure(certificate.keyUsage?.has("digitalSignature") === true, "certificate_role", "the leaf may not sign documents");
    }
    if (depth === 1) ensureNamed(certificate, `${prefix}${instance}.`, "the leaf's issuer is not this module's instance");
  };
};

function ensureNamed({ subjectName: { commonName = "" } }: Certificate, prefix: string, message: string): void {
  ensure(commonName.startsWith(prefix), "certificate_role", message, { commonName, expected: `${prefix}...` });
}
