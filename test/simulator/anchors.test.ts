// Promise: the published roots are those of the published seed, and of no other.
import { checkPrimeSync, createPublicKey, constants, verify, X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { SIM_ANCHORS } from "../../src/attestation/roots/sim.js";
import { VENDOR_ANCHORS } from "../../src/attestation/roots.js";
import type { AnchorSet } from "../../src/attestation/verdict.js";
import { toHex, type Bytes } from "../../src/protocol/bytes.js";
import { allAnchors, anchorsModule } from "../../src/simulator/anchors-module.js";
import { primeStart, rsaKey } from "../../src/simulator/rsa-key.js";
import { deriver, FOREIGN_SIM_SEED, PUBLIC_SIM_SEED } from "../../src/simulator/seed.js";
import { FOREIGN_PRIMES, PUBLIC_PRIMES } from "../../src/simulator/snp/rsa-fixture.js";
import { SimulatedTee } from "../../src/simulator/simulated-tee.js";

const roots = ({ dcap = [], snp = [], nitro = [] }: AnchorSet): Bytes[] => [...dcap, ...snp.flatMap(({ ark, ask }) => [ark, ask]), ...nitro];

describe("the public simulator's roots", () => {
  it("are those that its seed gives", async () => {
    expect(allAnchors()).toEqual(SIM_ANCHORS);
    expect(await readFile(new URL("../../src/attestation/roots/sim.ts", import.meta.url), "utf8")).toBe(anchorsModule());
  });

  it("bear names that begin with SIM, every one, and no vendor's root does", () => {
    const names = (set: AnchorSet): string[] => roots(set).map((der) => /^CN=(.*)$/m.exec(new X509Certificate(der).subject)?.[1] ?? "");
    expect(names(SIM_ANCHORS).filter((name) => !name.startsWith("SIM "))).toEqual([]);
    expect(names(VENDOR_ANCHORS.vendor ?? {}).filter((name) => name.startsWith("SIM"))).toEqual([]);
  });

  it("are not another seed's", () => {
    const own = new Set(roots(SIM_ANCHORS).map(toHex));
    expect(roots(allAnchors(FOREIGN_SIM_SEED)).filter((der) => own.has(toHex(der)))).toEqual([]);
  });

  it("are certificates to another implementation too, each signed by its issuer", () => {
    for (const { ark, ask } of SIM_ANCHORS.snp ?? []) {
      const [root, intermediate] = [new X509Certificate(ark), new X509Certificate(ask)];
      expect([root.verify(root.publicKey), intermediate.verify(root.publicKey), intermediate.checkIssued(root), root.ca]).toEqual([true, true, true, true]);
    }
    for (const der of [...(SIM_ANCHORS.dcap ?? []), ...(SIM_ANCHORS.nitro ?? [])]) {
      const root = new X509Certificate(der);
      expect([root.verify(root.publicKey), root.ca]).toEqual([true, true]);
    }
  });
});

describe("the simulator's RSA keys", () => {
  const seeds = [["public", PUBLIC_SIM_SEED, PUBLIC_PRIMES], ["foreign", FOREIGN_SIM_SEED, FOREIGN_PRIMES]] as const;
  it.each(seeds)("of the %s seed are the primes next to what it gives", (_name, seed, known) => {
    for (const [role, primes] of Object.entries(known)) {
      for (const half of ["p", "q"] as const) {
        const prime = BigInt(`0x${toHex(primes[half])}`);
        const gap = prime - primeStart(deriver(seed), `snp/${role}/${half}`);
        expect(gap >= 0n && gap < 65_536n && checkPrimeSync(prime, { checks: 8 })).toBe(true);
      }
    }
  });

  it("sign as another implementation verifies, the same message alike", () => {
    const key = rsaKey(PUBLIC_PRIMES.ask);
    const message = new Uint8Array(100).fill(1);
    const publicKey = createPublicKey({ key: Buffer.from(key.spki), type: "spki", format: "der" });
    const options = { key: publicKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 48 };
    expect(verify("sha384", message, options, key.sign(message))).toBe(true);
    expect(verify("sha384", new Uint8Array(100), options, key.sign(message))).toBe(false);
    expect(key.sign(message)).toEqual(key.sign(message));
  });
});

describe("a simulated tee", () => {
  it("takes seeds of 32 bytes and report data of 64 only", () => {
    expect(() => SimulatedTee.fromSeed(new Uint8Array(31))).toThrow(expect.objectContaining({ code: "input_invalid" }));
    expect(() => SimulatedTee.fromSeed().quote("ab".repeat(48) as never, new Uint8Array(63), 1_800_000_000)).toThrow(expect.objectContaining({ code: "input_invalid" }));
  });
});
