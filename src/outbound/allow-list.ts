import { isIP } from "node:net";
import { ensure, VeriteeError } from "../protocol/errors.js";
import { isPublicAddress, Networks, refusedAddress } from "./addresses.js";

/** Who may be asked by this service on somebody else's word. */
export interface AllowedHosts {
  /**
   * `hooks.bank.example` (https, port 443), `hooks.bank.example:8443`, `.bank.example` (any name below it), each with `http://`
   * in front for plain text. An address may stand for the name, and is then allowed though it be private.
   */
  readonly hosts: readonly string[];
  /** Blocks of addresses to which names on the list may lead though they are not public, e.g. 10.1.0.0/16. */
  readonly networks?: readonly string[];
  /** Names may lead anywhere: for what an operator has configured in full. */
  readonly anyAddress?: boolean;
}

interface Entry { readonly protocol: string; readonly host: string; readonly port: string; readonly below: boolean }

const ENTRY = /^(https?:\/\/)?(\.?)([a-z0-9.-]+|\[[0-9a-f:.]+\])(?::(\d{1,5}))?$/;
const MAX_URL_CHARACTERS = 1000;

export class AllowList {
  readonly #entries: readonly Entry[];
  readonly #networks: Networks;
  readonly #anyAddress: boolean;

  /** @throws config_invalid naming the entry */
  constructor({ hosts, networks = [], anyAddress = false }: AllowedHosts) {
    this.#entries = hosts.map(parseEntry);
    this.#networks = new Networks(networks);
    this.#anyAddress = anyAddress;
  }

  get empty(): boolean {
    return this.#entries.length === 0;
  }

  /**
   * Reads an address that somebody else wrote. Only the plain spelling is taken, the one that the URL standard's own writer
   * gives: two readers of a text cannot differ over it then.
   * @throws address_refused
   */
  read(text: string): URL {
    const url = text.length <= MAX_URL_CHARACTERS && URL.canParse(text) ? new URL(text) : undefined;
    const plain = url !== undefined && (url.href === text || url.href === `${text}/`) && /^[\x21-\x7e]+$/.test(text);
    ensure(plain, "address_refused", "not a URL in its plain spelling", { limit: MAX_URL_CHARACTERS });
    this.check(url);
    return url;
  }

  /** By name; where the name leads is asked later. @throws address_refused */
  check(url: URL): void {
    ensure(url.username === "" && url.password === "", "address_refused", "a URL must hold no credentials");
    ensure(url.hash === "", "address_refused", "a URL must have no fragment");
    const allowed = this.#entries.some((entry) => matches(entry, url));
    ensure(allowed, "address_refused", "scheme, host and port are not on the list", { host: url.host });
  }

  /** All that a name leads to: one refused address refuses the name, for nobody says which of them is used. @throws address_refused */
  checkAddresses(addresses: readonly string[]): void {
    ensure(addresses.length > 0, "address_refused", "the name leads to no address");
    if (this.#anyAddress) return;
    if (!addresses.every((address) => isPublicAddress(address) || this.#networks.has(address))) throw refusedAddress();
  }
}

/** Without the brackets of an IPv6 address. */
export const bare = (hostname: string): string => hostname.replace(/^\[(.*)\]$/, "$1");

function parseEntry(text: string): Entry {
  const [, scheme = "https://", dot = "", name = "", port = ""] = ENTRY.exec(text) ?? [];
  const spelled = `${scheme}${name}${port === "" ? "" : `:${port}`}`;
  const url = URL.canParse(spelled) ? new URL(spelled) : undefined;
  // 127.1 or 0x7f000001 would be kept as another host than was written.
  if (name === "" || url === undefined || url.hostname !== name || name.endsWith(".") || (dot !== "" && isIP(bare(name)) !== 0)) {
    throw new VeriteeError("config_invalid", "not a host: expected host, host:port or .suffix, with http:// in front for plain text", { host: text.slice(0, 200) });
  }
  return { protocol: url.protocol, host: name, port: url.port, below: dot !== "" };
}

const matches = ({ protocol, host, port, below }: Entry, url: URL): boolean =>
  url.protocol === protocol && url.port === port && (below ? url.hostname.endsWith(`.${host}`) : url.hostname === host);
