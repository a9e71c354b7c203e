import { BlockList, isIP } from "node:net";
import { ensure, VeriteeError } from "../protocol/errors.js";

/*
 * Which addresses the public may send us to. IPv4: everything but the special-purpose blocks of RFC 6890. IPv6: nothing but
 * global unicast (2000::/3) without the blocks that carry an IPv4 address inside or stand for no machine; so mapped and
 * compatible addresses, NAT64, unique local, link-local and multicast ones are out without being listed.
 */
const REFUSED_V4 = [
  "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
  "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
  // A cloud's host services under a public address (Azure's WireServer).
  "168.63.129.16/32",
];
const GLOBAL_V6 = ["2000::/3"];
/** Teredo and other protocol assignments, documentation, 6to4. */
const REFUSED_V6 = ["2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"];

const family = (version: number): "ipv4" | "ipv6" => (version === 4 ? "ipv4" : "ipv6");

/** Blocks of addresses in the notation 10.0.0.0/8. @throws config_invalid */
export class Networks {
  // One list a family: a mixed one takes ::ffff:10.0.0.1 for a member of 10.0.0.0/8.
  readonly #lists = { ipv4: new BlockList(), ipv6: new BlockList() };

  constructor(blocks: readonly string[]) {
    for (const block of blocks) this.#add(block);
  }

  #add(block: string): void {
    const [, network = "", bits = ""] = /^([0-9a-f.:]+)\/(\d{1,3})$/.exec(block) ?? [];
    const version = isIP(network);
    ensure(version !== 0 && Number(bits) <= (version === 4 ? 32 : 128), "config_invalid", "not a block of addresses: expected e.g. 10.0.0.0/8", { block });
    this.#lists[family(version)].addSubnet(network, Number(bits), family(version));
  }

  has(address: string): boolean {
    const version = isIP(address);
    return version !== 0 && this.#lists[family(version)].check(address, family(version));
  }
}

const refusedV4 = new Networks(REFUSED_V4);
const globalV6 = new Networks(GLOBAL_V6);
const refusedV6 = new Networks(REFUSED_V6);

/** Whether an address is one that anybody on the internet has, and no machine that only we can reach. */
export function isPublicAddress(address: string): boolean {
  // A zone (fe80::1%eth0) makes sense on a local link only.
  if (address.includes("%")) return false;
  const version = isIP(address);
  if (version === 4) return !refusedV4.has(address);
  return version === 6 && globalV6.has(address) && !refusedV6.has(address);
}

/** The facts name no address: whoever chose the name would learn what it is to us. */
export const refusedAddress = (): VeriteeError => new VeriteeError("address_refused", "the name leads to an address that is not public");
