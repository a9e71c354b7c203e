import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isPublicAddress, Networks } from "../../src/outbound/addresses.js";

// Promise R34: nobody sends us to a machine that only we can reach.

const PRIVATE = [
  "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.100.100.200", "100.127.255.255", "127.0.0.1", "127.255.255.254", "169.254.169.254",
  "169.254.170.2", "172.16.0.1", "172.31.255.255", "192.0.0.192", "192.0.2.1", "192.88.99.1", "192.168.0.1", "198.18.0.1", "198.19.255.255", "198.51.100.7",
  "203.0.113.9", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "168.63.129.16",
  "::", "::1", "::ffff:8.8.8.8", "::ffff:127.0.0.1", "::ffff:a9fe:a9fe", "::127.0.0.1", "::8.8.8.8", "64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::1",
  "100::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:10::1", "2001:db8::1",
  "2002:7f00:1::", "2002:808:808::1", "3fff::1", "5f00::1", "4000::1",
  "", "localhost", "1", "127.1", "0x7f.0.0.1", "2130706433", "2606:4700::1%1", "999.1.1.1", "8.8.8.8.", " 8.8.8.8",
];
const PUBLIC = ["8.8.8.8", "1.1.1.1", "100.63.255.255", "100.128.0.1", "172.15.255.255", "172.32.0.1", "192.0.1.1", "198.17.255.255", "198.20.0.1", "223.255.255.255", "168.63.129.17", "2606:4700:4700::1111", "2a00:1450:4001:80b::200e", "2003::1", "2001:4860:4860::8888"];

describe("an address", () => {
  it.each(PRIVATE)("%s is not public", (address) => { expect(isPublicAddress(address)).toBe(false); });
  it.each(PUBLIC)("%s is public", (address) => { expect(isPublicAddress(address)).toBe(true); });

  it("of IPv4 is never public inside an IPv6 one", () => {
    const octet = fc.nat(255);
    fc.assert(fc.property(octet, octet, octet, octet, (a, b, c, d) => {
      const v4 = `${a}.${b}.${c}.${d}`;
      const hex = [a * 256 + b, c * 256 + d].map((part) => part.toString(16)).join(":");
      return [`::ffff:${v4}`, `::ffff:${hex}`, `::${hex}`, `64:ff9b::${v4}`, `2002:${hex}::1`, `::ffff:0:${v4}`].every((inside) => !isPublicAddress(inside));
    }), { numRuns: 500 });
  });
});

describe("blocks of addresses", () => {
  it("have their own addresses only, and no mapped ones", () => {
    const blocks = new Networks(["10.1.0.0/16", "fd12::/32"]);
    expect(["10.1.0.1", "10.1.255.255", "fd12::1", "fd12:0:ffff::1"].every((a) => blocks.has(a))).toBe(true);
    expect(["10.2.0.1", "10.0.255.255", "::ffff:10.1.0.1", "fd13::1", "name", ""].some((a) => blocks.has(a))).toBe(false);
  });

  it.each(["10.0.0.0", "10.0.0.0/33", "::/129", "name/8", "10.0.0/8", ""])("%s is none", (block) => {
    expect(() => new Networks([block])).toThrow(expect.objectContaining({ code: "config_invalid" }));
  });
});
