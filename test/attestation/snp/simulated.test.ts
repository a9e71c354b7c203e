import { describe, expect, it } from "vitest";
import { createSnpAppraiser } from "../../../src/attestation/snp/appraise.js";
import { AMD_CHAINS } from "../../../src/attestation/roots/amd.js";
import type { AppraiserInput } from "../../../src/attestation/verdict.js";
import { toHex } from "../../../src/protocol/bytes.js";
import { PUBLIC_SIM_SEED } from "../../../src/simulator/seed.js";
import { SimulatedSnp, type SnpOptions } from "../../../src/simulator/snp/snp.js";
import { verdict } from "./mutate.js";

// Products, signers and faults of which there is no public sample, in the genuine format under a simulator's root.
const now = Date.UTC(2026, 5, 1) / 1000;
const machine = new SimulatedSnp(PUBLIC_SIM_SEED, "snp-tests");
const anchors = { sim: machine.anchors() };
const appraise = createSnpAppraiser();

function input(options: SnpOptions, debug = false): AppraiserInput {
  const request = { measurement: new Uint8Array(48).fill(1), reportData: new Uint8Array(64).fill(2), now, debug };
  return { ...machine.quote(request, options), anchors, at: now, judgeTcb: true };
}

const TCB = { fmc: 1, bootloader: 9, tee: 0, snp: 23, microcode: 72 };
const chip = (product: SnpOptions["product"]): Uint8Array => input({ ...(product ? { product } : {}) }).evidence.slice(0x1a0, 0x1e0);

describe("every product, signer and report version", () => {
  const all = (["milan", "genoa", "turin"] as const).flatMap((product) =>
    (["vcek", "vlek"] as const).flatMap((signer) => [2, 3, 4, 5].map((version) => ({ product, signer, version }))));
  it.each(all)("$product $signer v$version", async ({ product, signer, version }) => {
    const genuine = await appraise(input({ product, signer, report: { version } }));
    expect(genuine).toMatchObject({ platform: "snp", anchor: "sim", product, tcb: { status: undefined, behind: "" }, instance: toHex(chip(product)) });
    expect(genuine.attributes).toMatchObject({ signingKey: signer, reportVersion: version, revocationJudged: true, reportedSnp: 23, reportedMicrocode: 72 });
    expect(genuine.attributes["reportedFmc"]).toBe(product === "turin" ? 1 : undefined);
    expect(genuine.attributes["provider"]).toBe(signer === "vlek" ? "SIM provider" : undefined);
    expect(genuine.measurements["measurement"]).toBe("01".repeat(48));
  });
});

describe("a VLEK's machine", () => {
  it("is its provider when the host masks the chip id", async () => {
    expect((await appraise(input({ signer: "vlek", report: { chipId: new Uint8Array(64) } }))).instance).toBe("vlek:SIM provider");
  });
});

describe("the firmware level", () => {
  it("is told in words when the host reports less than it committed to", async () => {
    const { tcb, attributes } = await appraise(input({ report: { committedTcb: { ...TCB, snp: 24 }, currentTcb: { ...TCB, snp: 25 } } }));
    expect(tcb.behind).toContain("committed TCB is below the current one (snp 24 < 25)");
    expect(tcb.behind).toContain("reported TCB is below the committed one (snp 23 < 24)");
    expect(tcb.behind).toContain("launch TCB is below the current one (snp 23 < 25)");
    expect(attributes).toMatchObject({ reportedSnp: 23, committedSnp: 24, currentSnp: 25, launchSnp: 23 });
  });
});

describe("evidence with one fault is refused for that fault", () => {
  const policy = (bits: bigint) => ({ report: { policy: bits } });
  it.each<[string, SnpOptions, string]>([
    ["version 1", { report: { version: 1 } }, "evidence_malformed"],
    ["version 6", { report: { version: 6 } }, "evidence_malformed"],
    ["signature algorithm 0", { report: { signatureAlgorithm: 0 } }, "evidence_malformed"],
    ["another signing key than VCEK and VLEK", { report: { keyInfo: 7 << 2 } }, "evidence_malformed"],
    ["a masked chip key", { report: { keyInfo: 2 } }, "evidence_signature"],
    ["reserved bits of KEY_INFO", { report: { keyInfo: 1 << 5 } }, "evidence_malformed"],
    ["VLEK named, VCEK at hand", { report: { keyInfo: 1 << 2 } }, "certificate_role"],
    ["VCEK named, VLEK at hand", { signer: "vlek", report: { keyInfo: 0 } }, "certificate_role"],
    ["a leaf of another role", { vek: { commonName: "SIM SEV-VLEK" } }, "certificate_role"],
    ["the vendor's name under the simulator's root", { vek: { commonName: "SEV-VCEK" } }, "certificate_role"],
    ["an endorsement key that is a CA", { vek: { authority: true } }, "certificate_path"],
    ["an endorsement key issued by an endorsement key", { vek: { issuer: "endorsement-key" } }, "evidence_anchor"],
    ["an endorsement key out of its time", { vek: { notAfter: now - 1 } }, "certificate_expired"],
    ["a key that nobody certified", { uncertifiedKey: true }, "evidence_signature"],
    ["a key of an older firmware", { vek: { tcb: { ...TCB, snp: 22 } } }, "certificate_role"],
    ["a key of a newer firmware", { vek: { tcb: { ...TCB, microcode: 73 } } }, "certificate_role"],
    ["Turin: a key of another FMC", { product: "turin", vek: { tcb: { ...TCB, fmc: 2 } } }, "certificate_role"],
    ["a key of another chip", { vek: { hardwareId: new Uint8Array(64).fill(9) } }, "certificate_role"],
    ["Turin: a key of another chip", { product: "turin", vek: { hardwareId: new Uint8Array(8).fill(9) } }, "certificate_role"],
    ["Turin: a chip id beyond its 8 bytes", { product: "turin", report: { chipId: Uint8Array.from([...chip("turin").slice(0, 8), 1]) } }, "certificate_role"],
    ["a hardware id of Turin's length on Genoa", { vek: { hardwareId: new Uint8Array(8).fill(9) } }, "certificate_path"],
    ["a masked chip id under a VCEK", { report: { chipId: new Uint8Array(64) } }, "certificate_role"],
    ["a migration agent", policy(0x30000n | (1n << 18n)), "evidence_attributes"],
    ["policy bit 17 off", policy(0x10000n), "evidence_attributes"],
    ["an unknown policy bit", policy(0x30000n | (1n << 26n)), "evidence_attributes"],
    ["VMPL 4", { report: { vmpl: 4 } }, "evidence_malformed"],
    ["a revocation list that does not parse", { crl: "garbage" }, "collateral_malformed"],
    ["a stale revocation list", { crl: "stale" }, "collateral_expired"],
    ["a revocation list of the future", { crl: "future" }, "collateral_expired"],
    ["a revocation list of another issuer", { crl: "other-issuer" }, "collateral_signature"],
    ["a revocation list with another signature", { crl: "bad-signature" }, "collateral_signature"],
    ["a revoked ASK", { revoked: "ask" }, "certificate_revoked"],
    ["a revoked ASVK", { signer: "vlek", revoked: "ask" }, "certificate_revoked"],
    ["a revoked endorsement key", { revoked: "vek" }, "certificate_revoked"],
  ])("%s", async (_, options, code) => {
    expect(await verdict(() => appraise(input(options)))).toBe(code);
  });

  it("a guest that may be debugged", async () => {
    expect(await verdict(() => appraise(input({}, true)))).toBe("evidence_debug");
  });

  it("a processor of another product than the key's", async () => {
    const genoa = input({ report: { chipId: chip("genoa") } });
    const milan = input({ product: "milan", report: { chipId: chip("genoa") } });
    expect(await verdict(() => appraise({ ...genoa, collateral: milan.collateral }))).toBe("evidence_product");
  });
});

describe("trust anchors", () => {
  it("of AMD alone refuse simulated evidence, and the reverse holds by name", async () => {
    expect(await verdict(() => appraise({ ...input({}), anchors: { vendor: { snp: AMD_CHAINS } } }))).toBe("evidence_anchor");
    expect(await verdict(() => appraise({ ...input({}), anchors: { vendor: machine.anchors() } }))).toBe("certificate_role");
  });

  it("of an unknown product are a fault of the configuration", async () => {
    const snp = (anchors.sim.snp ?? []).map((chain) => ({ ...chain, product: "naples" }));
    expect(await verdict(() => appraise({ ...input({}), anchors: { sim: { snp } } }))).toBe("config_invalid");
  });
});

describe("revocation", () => {
  it("is told to be unjudged when no list came along", async () => {
    const listed = await appraise(input({}));
    const bare = await appraise(input({ crl: "absent" }));
    expect([listed.attributes["revocationJudged"], bare.attributes["revocationJudged"]]).toEqual([true, false]);
    expect(listed.validUntil).toBeLessThan(bare.validUntil as number);
  });
});

describe("what is remembered", () => {
  it("never outlives the window it rests on", async () => {
    const good = input({});
    const { validUntil } = await appraise(good);
    expect(await verdict(() => appraise({ ...good, at: validUntil as number }))).toBe("accepted");
    expect(await verdict(() => appraise({ ...good, at: (validUntil as number) + 1 }))).toBe("collateral_expired");
    expect(await verdict(() => appraise({ ...good, at: now - 90 * 86_400 }))).toBe("collateral_expired");
    expect(await verdict(() => appraise(good))).toBe("accepted");
  });

  it("does not outlive the anchors it rests on", async () => {
    const good = input({});
    expect(await verdict(() => appraise(good))).toBe("accepted");
    expect(await verdict(() => appraise({ ...good, anchors: {} }))).toBe("evidence_anchor");
  });
});
