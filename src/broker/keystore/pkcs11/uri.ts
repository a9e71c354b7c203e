import { ensure, VeriteeError } from "../../../protocol/errors.js";

/** A token, as RFC 7512 names it, and how our keys in it are called. */
export interface TokenUri {
  readonly modulePath: string;
  /** CK_TOKEN_INFO.label */
  readonly token: string;
  /** CK_TOKEN_INFO.serialNumber, when tokens share a label. */
  readonly serial?: string | undefined;
  /** Label of the wrapping keys: their first word. */
  readonly object: string;
}

const PATH = ["token", "serial", "object"];
const SECRET = ["pin-value", "pin-source"];

/**
 * Reads `pkcs11:token=NAME;object=LABEL?module-path=FILE`. Everything else is refused rather than ignored: an attribute that
 * is not understood may be what tells two tokens apart.
 * @throws config_invalid naming the attribute
 */
export function parseTokenUri(uri: string): TokenUri {
  const match = /^pkcs11:([^?]*)(?:\?(.*))?$/.exec(uri);
  ensure(match !== null, "config_invalid", "not a PKCS #11 URI (RFC 7512): pkcs11:token=NAME?module-path=FILE", { field: "keystore" });
  const path = attributes(match[1] ?? "", ";");
  const query = attributes(match[2] ?? "", "&");
  for (const name of SECRET) ensure(!query.has(name), "config_invalid", "the PIN is not given in the URI, where other users could see it", { field: name });
  for (const name of path.keys()) ensure(PATH.includes(name), "config_invalid", `known attributes: ${PATH.join(", ")}, module-path`, { field: name });
  for (const name of query.keys()) ensure(name === "module-path", "config_invalid", "known attributes of the query: module-path", { field: name });
  const [modulePath, token] = [query.get("module-path"), path.get("token")];
  ensure(modulePath !== undefined && modulePath.startsWith("/"), "config_invalid", "the library's whole path is missing", { field: "module-path" });
  ensure(token !== undefined && token !== "", "config_invalid", "the token's label is missing", { field: "token" });
  const object = path.get("object") ?? "veritee";
  ensure(/^[\w.-]{1,32}$/.test(object), "config_invalid", "a label of 1 to 32 letters, digits, dots, dashes", { field: "object" });
  return { modulePath, token, serial: path.get("serial"), object };
}

/** The URI again, without anything secret. */
export const tokenUri = ({ modulePath, token, serial, object }: TokenUri): string =>
  `pkcs11:token=${encodeURIComponent(token)}${serial === undefined ? "" : `;serial=${encodeURIComponent(serial)}`};object=${object}?module-path=${encodeURI(modulePath)}`;

function attributes(text: string, separator: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const part of text.split(separator).filter((p) => p !== "")) {
    const at = part.indexOf("=");
    const name = part.slice(0, Math.max(at, 0));
    ensure(at > 0 && !found.has(name), "config_invalid", "an attribute without a value, or twice", { field: part.slice(0, 40) });
    found.set(name, decode(part.slice(at + 1)));
  }
  return found;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new VeriteeError("config_invalid", "a percent sign that encodes nothing", { field: "keystore" }, { cause });
  }
}
