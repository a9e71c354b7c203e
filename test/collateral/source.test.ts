import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { appraiseTdx } from "../../src/attestation/dcap/appraise.js";
import { appraiseSnp } from "../../src/attestation/snp/appraise.js";
import { AMD_CHAINS } from "../../src/attestation/roots/amd.js";
import { INTEL_SGX_ROOT_CA } from "../../src/attestation/roots/intel.js";
import { parsePem } from "../../src/attestation/x509/pem.js";
import { CollateralCache } from "../../src/collateral/cache.js";
import { exportBundle, importBundle } from "../../src/collateral/bundle.js";
import { daysLeft, daysLeftSamples } from "../../src/collateral/expiry.js";
import { kdsProxy } from "../../src/collateral/amd-kds.js";
import { pccs } from "../../src/collateral/intel-pcs.js";
import { requestOfEvidence } from "../../src/collateral/of-evidence.js";
import { CollateralSource } from "../../src/collateral/source.js";
import { utf8, type Bytes } from "../../src/protocol/bytes.js";
import { VeriteeError } from "../../src/protocol/errors.js";
import { SimulatedSnp } from "../../src/simulator/snp/snp.js";
import { SimulatedTdx } from "../../src/simulator/tdx/tdx.js";
import { PUBLIC_SIM_SEED } from "../../src/simulator/seed.js";
import { pcsRoutes, startVendor, type DcapText, type Routes, type Trouble, type VendorServer } from "./vendor-server.js";

const cases = join(import.meta.dirname, "../vectors/evidence");
const file = (path: string): Bytes => Uint8Array.from(readFileSync(join(cases, path)));
const recorded = (path: string): DcapText => JSON.parse(new TextDecoder().decode(file(`${path}/collateral.json`))) as DcapText;
const unix = (text: string): number => Date.parse(text) / 1000;
const VENDOR = { vendor: { dcap: [INTEL_SGX_ROOT_CA], snp: AMD_CHAINS } };
const LIMITS = { timeoutMs: 2_000, maxBytes: 256 * 1024 };

let folder: string;
let vendor: VendorServer;
let now: number;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "veritee-collateral-"));
  vendor = await startVendor({});
});
afterEach(async () => {
  await vendor.close();
  await rm(folder, { recursive: true, force: true });
});

const cache = (): CollateralCache => new CollateralCache(folder);
const source = (anchors: ConstructorParameters<typeof CollateralSource>[0]["anchors"] = VENDOR, limits = LIMITS): CollateralSource =>
  new CollateralSource({ cache: cache(), pcs: pccs(vendor.origin, limits), kds: kdsProxy(vendor.origin, limits), anchors, now: () => now });
async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return "done";
  } catch (error) {
    if (error instanceof VeriteeError) return error.code;
    throw error;
  }
}

/** The PCK revocation list of the recorded TDX collateral runs out first, a quarter of an hour before TCB Info. */
const UNTIL = unix("2025-07-19T10:00:35Z");

/** A real TDX quote and what Intel's service said of its platform, on a day on which that was good. */
function realTdx(encoding: "der" | "hex" = "der") {
  now = unix("2025-07-04T00:00:00Z");
  const quote = file("tdx/phala-v4-ok/quote.bin");
  const request = requestOfEvidence("tdx", quote);
  if (request.platform === "snp") throw new Error("a TDX quote asks for DCAP collateral");
  const text = recorded("tdx/phala-v4-ok");
  vendor.routes = pcsRoutes("tdx", request.fmspc, text, encoding, request.ca);
  return { quote, request, text };
}

describe("Intel's service", () => {
  it.each(["der", "hex"] as const)("gives collateral (lists as %s) under which the recorded quote is genuine", async (encoding) => {
    const { quote, request, text } = realTdx(encoding);
    expect(request).toEqual({ platform: "tdx", fmspc: "b0c06f000000", ca: "platform" });
    const held = await source().get(request);
    expect(held).toMatchObject({ from: "service", anchor: "intel", validUntil: UNTIL });
    expect(JSON.parse(new TextDecoder().decode(held.content))).toEqual(text);
    const genuine = await appraiseTdx({ evidence: quote, collateral: held.content, anchors: VENDOR, at: now, judgeTcb: true });
    expect(genuine.tcb.status).toBe("UpToDate");
  });

  it("gives SGX collateral by the SGX paths", async () => {
    const quote = file("sgx/phala-v3-ok/quote.bin");
    const request = requestOfEvidence("sgx", quote);
    if (request.platform === "snp") throw new Error("an SGX quote asks for DCAP collateral");
    now = unix("2025-07-04T00:00:00Z");
    vendor.routes = pcsRoutes("sgx", request.fmspc, recorded("sgx/phala-v3-ok"), "der", request.ca);
    expect((await source().get(request)).anchor).toBe("intel");
    expect(vendor.asked).toContain(`/sgx/certification/v4/tcb?fmspc=${request.fmspc.toUpperCase()}`);
  });

  it("is believed only for the platform, the CA and under the roots that were asked", async () => {
    const { request, text } = realTdx();
    expect(await codeOf(source({}).get(request))).toBe("evidence_anchor");
    vendor.routes = pcsRoutes("tdx", "00806f050000", text);
    expect(await codeOf(source().get({ ...request, fmspc: "00806f050000" }))).toBe("collateral_malformed");
    vendor.routes = pcsRoutes("sgx", request.fmspc, text);
    expect(await codeOf(source().get({ ...request, platform: "sgx" }))).toBe("collateral_malformed");
    vendor.routes = pcsRoutes("tdx", request.fmspc, text, "der", "processor");
    expect(await codeOf(source().get({ ...request, ca: "processor" }))).toBe("certificate_role");
  });

  const simulated = (options: Parameters<SimulatedTdx["quote"]>[1] = {}) => {
    const tee = new SimulatedTdx(PUBLIC_SIM_SEED, "collateral test");
    const { evidence, collateral } = tee.quote({ measurement: new Uint8Array(48), reportData: new Uint8Array(64), now, debug: false }, options);
    return { anchors: { sim: tee.anchors() }, request: requestOfEvidence("tdx", evidence), text: JSON.parse(new TextDecoder().decode(collateral)) as DcapText };
  };

  it("is played by the simulator's collateral, under the simulator's anchor", async () => {
    now = unix("2026-06-01T00:00:00Z");
    const { anchors, request, text } = simulated();
    if (request.platform === "snp") throw new Error("a TDX quote asks for DCAP collateral");
    vendor.routes = pcsRoutes("tdx", request.fmspc, text, "der", request.ca);
    expect(await source(anchors).get(request)).toMatchObject({ anchor: "sim", from: "service" });
  });

  it("cannot pass another signer's work for its own", async () => {
    const { request, text } = realTdx();
    const strange = simulated().text;
    const wrong: readonly (readonly [Partial<DcapText>, string])[] = [
      [{ tcb_info_issuer_chain: strange.tcb_info_issuer_chain }, "evidence_anchor"],
      [{ qe_identity_issuer_chain: strange.qe_identity_issuer_chain }, "evidence_anchor"],
      [{ pck_crl_issuer_chain: strange.pck_crl_issuer_chain }, "certificate_role"],
      [{ pck_crl_issuer_chain: text.tcb_info_issuer_chain }, "certificate_role"],
      [{ tcb_info_issuer_chain: text.pck_crl_issuer_chain }, "certificate_path"],
      [{ tcb_info: text.tcb_info.replace("\"version\":3", "\"version\": 3") }, "collateral_signature"],
      [{ tcb_info_signature: text.qe_identity_signature }, "collateral_signature"],
      [{ pck_crl: text.root_ca_crl }, "collateral_signature"],
      [{ pck_crl: strange.pck_crl }, "collateral_signature"],
      [{ root_ca_crl: text.pck_crl }, "collateral_missing"],
      [{ pck_crl: "3000" }, "collateral_malformed"],
    ];
    for (const [change, code] of wrong) {
      vendor.routes = pcsRoutes("tdx", (request as { fmspc: string }).fmspc, { ...text, ...change });
      expect([Object.keys(change), await codeOf(source().get(request))]).toEqual([Object.keys(change), code]);
    }
    expect(await cache().list()).toEqual([]);
  });
});

describe("AMD's service", () => {
  const kdsRoutes = (path: string, vek: Bytes, chain: Bytes, base: string): Routes => ({ [path]: { body: vek }, [`${base}/cert_chain`]: { body: chain } });

  it("gives the VCEK by product, chip and TCB, under which the recorded report is genuine", async () => {
    now = unix("2026-07-01T00:00:00Z");
    const report = file("snp/dstack-milan-v3-ok/report.bin");
    const request = requestOfEvidence("snp", report);
    if (request.platform !== "snp") throw new Error("a report asks for SNP collateral");
    const { chipId, tcb: { bootloader, tee, snp, microcode } } = request;
    const two = (svn: number): string => String(svn).padStart(2, "0");
    const path = `/vcek/v1/Milan/${chipId}?blSPL=${two(bootloader)}&teeSPL=${two(tee)}&snpSPL=${two(snp)}&ucodeSPL=${two(microcode)}`;
    vendor.routes = kdsRoutes(path, file("snp/dstack-milan-v3-ok/vek.der"), file("snp/dstack-milan-v3-ok/ask_ark.pem"), "/vcek/v1/Milan");
    const held = await source().get(request);
    expect(held).toMatchObject({ anchor: "amd", from: "service" });
    expect((await appraiseSnp({ evidence: report, collateral: held.content, anchors: VENDOR, at: now, judgeTcb: true })).product).toBe("milan");
    // Another chip's certificate in its place.
    vendor.routes = { ...vendor.routes, [path]: { body: file("snp/teekit-gcp-v5-ok/vek.der") } };
    expect(await codeOf(new CollateralSource({ cache: new CollateralCache(join(folder, "other")), kds: kdsProxy(vendor.origin, LIMITS), anchors: VENDOR, now: () => now }).get(request))).toBe("collateral_malformed");
    vendor.routes = {};
    expect(await codeOf(new CollateralSource({ cache: new CollateralCache(join(folder, "none")), kds: kdsProxy(vendor.origin, LIMITS), anchors: VENDOR, now: () => now }).get(request))).toBe("collateral_unavailable");
  });

  it.each(["vcek", "vlek"] as const)("gives a revocation list, which decides how long it counts (%s)", async (signer) => {
    now = unix("2026-06-01T00:00:00Z");
    const tee = new SimulatedSnp(PUBLIC_SIM_SEED, "collateral test");
    const { evidence, collateral } = tee.quote({ measurement: new Uint8Array(48), reportData: new Uint8Array(64), now, debug: false }, { signer });
    const parts = JSON.parse(new TextDecoder().decode(collateral)) as { vek: string; crl: string };
    const vek = Uint8Array.from(Buffer.from(parts.vek, "base64"));
    const request = requestOfEvidence("snp", evidence, { vlek: vek });
    if (request.platform !== "snp") throw new Error("a report asks for SNP collateral");
    const { bootloader, tee: teeSvn, snp, microcode } = request.tcb;
    const two = (svn: number): string => String(svn).padStart(2, "0");
    const leaf = `/vcek/v1/Genoa/${request.chipId}?blSPL=${two(bootloader)}&teeSPL=${two(teeSvn)}&snpSPL=${two(snp)}&ucodeSPL=${two(microcode)}`;
    vendor.routes = { ...(signer === "vcek" ? { [leaf]: { body: vek } } : {}), [`/${signer}/v1/Genoa/crl`]: { body: Uint8Array.from(Buffer.from(parts.crl, "base64")) } };
    const anchors = { sim: tee.anchors() };
    const held = await source(anchors).get(request);
    expect(held.anchor).toBe("sim");
    expect(daysLeft(held.validUntil, now)).toBeLessThan(31);
    expect((await appraiseSnp({ evidence, collateral: held.content, anchors, at: now, judgeTcb: true })).validUntil).toBe(held.validUntil);
  });
});

describe("the cache", () => {
  it("answers without asking while collateral is good, and asks anew in its last week", async () => {
    const { request } = realTdx();
    await source().get(request);
    const asked = vendor.asked.length;
    expect(await source().get(request)).toMatchObject({ from: "cache" });
    expect(vendor.asked.length).toBe(asked);
    now = unix("2025-07-14T00:00:00Z");
    expect(await source().get(request)).toMatchObject({ from: "service" });
    expect(vendor.asked.length).toBeGreaterThan(asked);
  });

  it("shares one fetch between callers that ask at once", async () => {
    const { request } = realTdx();
    const shared = source();
    await Promise.all(Array.from({ length: 5 }, () => shared.get(request)));
    expect(vendor.asked).toHaveLength(4);
  });

  const troubles: readonly Exclude<Trouble, undefined>[] = ["down", "slow", "garbage", "oversize", "redirect", "cut"];
  it.each(troubles)("stands in when the service is in trouble (%s) as long as it is good, and no longer", async (trouble) => {
    const { request } = realTdx();
    const asking = source(VENDOR, { ...LIMITS, timeoutMs: trouble === "slow" ? 300 : 10_000 });
    vendor.trouble = trouble;
    const unserved = trouble === "garbage" || trouble === "oversize" ? "collateral_malformed" : "collateral_unavailable";
    expect(await codeOf(asking.get(request))).toBe(unserved);
    vendor.trouble = undefined;
    await asking.get(request);
    vendor.trouble = trouble;
    now = UNTIL;
    const held = await asking.get(request);
    expect(held.from).toBe("cache");
    expect(held.trouble?.code).toBe(unserved);
    now += 1;
    expect(await codeOf(asking.get(request))).toBe("collateral_expired");
  });

  it("gives up on a service that is gone, and on an address that is not on the list", async () => {
    const { request } = realTdx();
    const limits = { ...LIMITS, hosts: ["api.trustedservices.intel.com"] };
    const asking = new CollateralSource({ cache: cache(), pcs: { url: vendor.origin, rootCrl: vendor.origin, limits }, anchors: VENDOR, now: () => now });
    expect(await codeOf(asking.get(request))).toBe("config_invalid");
    expect(vendor.asked).toEqual([]);
    const plain = pccs(new URL("http://collateral.example"), LIMITS);
    expect(await codeOf(new CollateralSource({ cache: cache(), pcs: plain, anchors: VENDOR, now: () => now }).get(request))).toBe("config_invalid");
    const gone = source();
    await vendor.close();
    expect(await codeOf(gone.get(request))).toBe("collateral_unavailable");
    expect(await codeOf(new CollateralSource({ cache: cache(), anchors: VENDOR, now: () => now }).get(request))).toBe("collateral_unavailable");
  });

  it("does not serve what was changed, cut or misplaced in its folder", async () => {
    const { request } = realTdx();
    await source().get(request);
    const [object] = await readdir(join(folder, "objects"));
    const path = join(folder, "objects", object ?? "");
    const content = await readFile(path, "utf8");
    for (const damage of [content.replace("UpToDate", "UpToDatE"), content.slice(0, 100), ""]) {
      await writeFile(path, damage);
      expect(await cache().read(request)).toBeUndefined();
      expect((await source().get(request)).from).toBe("service");
    }
    const [entry] = await readdir(join(folder, "entries"));
    await writeFile(join(folder, "entries", "tdx-00806f050000-platform.json"), await readFile(join(folder, "entries", entry ?? "")));
    await writeFile(join(folder, "entries", "junk.json"), "{");
    expect(await cache().read({ platform: "tdx", fmspc: "00806f050000", ca: "platform" })).toBeUndefined();
    expect((await cache().list()).map(({ name }) => name)).toEqual(["tdx-b0c06f000000-platform"]);
  });

  it("keeps the newer of two good answers: a service that is behind does not undo a TCB recovery", async () => {
    now = unix("2026-06-01T00:00:00Z");
    const tee = new SimulatedTdx(PUBLIC_SIM_SEED, "collateral test");
    const make = (evaluationNumber: number) => tee.quote({ measurement: new Uint8Array(48), reportData: new Uint8Array(64), now, debug: false }, { evaluationNumber });
    const request = requestOfEvidence("tdx", make(20).evidence);
    if (request.platform === "snp") throw new Error("a TDX quote asks for DCAP collateral");
    const anchors = { sim: tee.anchors() };
    const serve = (number: number): void => { vendor.routes = pcsRoutes("tdx", request.fmspc, JSON.parse(new TextDecoder().decode(make(number).collateral)) as DcapText, "der", request.ca); };
    serve(21);
    await source(anchors).refresh(request);
    serve(20);
    expect(await source(anchors).refresh(request)).toMatchObject({ from: "cache", age: [21, expect.any(Number)] });
    serve(22);
    expect(await source(anchors).refresh(request)).toMatchObject({ from: "service", age: [22, expect.any(Number)] });
    expect(await readdir(join(folder, "objects"))).toHaveLength(1);
  });

  it("tells days left, also as a gauge", async () => {
    const { request } = realTdx();
    await source().get(request);
    const samples = async () => daysLeftSamples(await cache().list(), now);
    expect(await samples()).toEqual([{ name: "veritee_collateral_days_left", labels: { entry: "tdx-b0c06f000000-platform", platform: "tdx", anchor: "intel" }, value: 15 }]);
    now = unix("2025-07-20T00:00:00Z");
    expect((await samples())[0]?.value).toBe(-1);
  });
});

describe("bundles", () => {
  it("carry collateral to a machine without network, and nothing that is not verified there", async () => {
    const { request } = realTdx();
    await source().get(request);
    const bundle = await exportBundle(cache(), [request], VENDOR, now);
    const offline = new CollateralCache(join(folder, "offline"));
    expect((await importBundle(offline, bundle, VENDOR, now)).map(({ name }) => name)).toEqual(["tdx-b0c06f000000-platform"]);
    const asking = new CollateralSource({ cache: offline, anchors: VENDOR, now: () => now });
    expect(await asking.get(request)).toMatchObject({ from: "cache", anchor: "intel" });

    const refused = new CollateralCache(join(folder, "refused"));
    const text = new TextDecoder().decode(bundle);
    const spoil = (from: string | RegExp, to: string): Bytes => utf8(text.replace(from, to));
    expect(await codeOf(importBundle(refused, spoil("UpToDate", "UpToDatE"), VENDOR, now))).toBe("collateral_signature");
    expect(await codeOf(importBundle(refused, spoil("b0c06f000000", "b0c06f000001"), VENDOR, now))).toBe("collateral_malformed");
    expect(await codeOf(importBundle(refused, spoil("bundle/v1", "bundle/v2"), VENDOR, now))).toBe("input_invalid");
    expect(await codeOf(importBundle(refused, utf8("{"), VENDOR, now))).toBe("input_invalid");
    expect(await codeOf(importBundle(refused, new Uint8Array(17 * 1024 * 1024), VENDOR, now))).toBe("input_too_large");
    expect(await codeOf(importBundle(refused, bundle, {}, now))).toBe("evidence_anchor");
    expect(await codeOf(importBundle(refused, bundle, VENDOR, unix("2025-07-20T00:00:00Z")))).toBe("collateral_expired");
    expect(await refused.list()).toEqual([]);
  });

  it("are not made of what is stale or not there", async () => {
    const { request } = realTdx();
    expect(await codeOf(exportBundle(cache(), [request], VENDOR, now))).toBe("collateral_unavailable");
    expect(await codeOf(exportBundle(cache(), [], VENDOR, now))).toBe("collateral_unavailable");
    await source().get(request);
    expect(await codeOf(exportBundle(cache(), [request], VENDOR, unix("2025-07-20T00:00:00Z")))).toBe("collateral_expired");
  });
});

it("asks for what the evidence names, of evidence it can read", () => {
  expect(() => requestOfEvidence("nitro", new Uint8Array())).toThrow(/no collateral service/);
  expect(() => requestOfEvidence("sgx", file("tdx/phala-v4-ok/quote.bin"))).toThrow(/another TEE/);
  expect(() => requestOfEvidence("snp", file("snp/trustee-milan-vcek-ok/report.bin"))).toThrow(/name the product/);
  expect(requestOfEvidence("snp", file("snp/trustee-milan-vcek-ok/report.bin"), { product: "milan" })).toMatchObject({ platform: "snp", product: "milan" });
  expect(parsePem(new TextDecoder().decode(file("snp/dstack-milan-v3-ok/ask_ark.pem")))).toHaveLength(2);
});
