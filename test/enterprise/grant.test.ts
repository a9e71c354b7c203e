import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createGrant } from "../../src/enterprise/grant.js";
import { grantBook } from "../../src/enterprise/grant-book.js";
import { enterpriseFromSeed } from "../../src/enterprise/identity.js";
import { revokeGrant } from "../../src/enterprise/revoke.js";
import { envelopeToBytes } from "../../src/protocol/dsse.js";
import { grant } from "../../src/protocol/objects/index.js";
import { makeDeal, MEASUREMENT, PURPOSE, type Deal } from "../harness/deal.js";

let deal: Deal;
beforeAll(async () => void (deal = await makeDeal({ seed: "grants" })));
afterAll(() => deal.close());
const terms = () => ({ dataset: deal.dataset.manifest, grantee: deal.platform.signing.publicKey, purpose: PURPOSE, allowedMeasurements: [MEASUREMENT], allowedAnchors: ["sim"] as const });

describe("createGrant", () => {
  it("is narrow by default: one use, seven days, the dataset's own program, from now", async () => {
    const { value } = await createGrant(deal.enterprise, terms(), deal.ports);
    expect(value).toMatchObject({
      maxUses: 1, notBefore: deal.clock.now(), notAfter: deal.clock.now() + 7 * 86_400, programs: ["sme-invoice/1"],
      grantee: deal.platform.signing.publicKey, purpose: PURPOSE, allowedAnchors: ["sim"], allowedMeasurements: [MEASUREMENT],
    });
  });

  it("names enclaves, anchors, a purpose, a use and a time, or is no grant", async () => {
    for (const change of [{ allowedMeasurements: [] }, { allowedAnchors: [] }, { purpose: "" }, { maxUses: 0 }, { days: 0 }, { days: -1 }]) {
      await expect(createGrant(deal.enterprise, { ...terms(), ...change }, deal.ports)).rejects.toMatchObject({ code: "input_invalid" });
    }
  });

  it("is the owner's alone", async () => {
    const stranger = enterpriseFromSeed(deal.random(32));
    await expect(createGrant(stranger, terms(), deal.ports)).rejects.toMatchObject({ code: "grant_mismatch" });
  });
});

describe("grant book", () => {
  it("remembers grants and revocations over restarts", async () => {
    const again = await grantBook(join(deal.folder, "book"), deal.enterprise.signing.publicKey);
    expect((await again.grant(deal.grant.id))?.value).toEqual(deal.grant.value);
    expect(await again.isRevoked(deal.grant.id)).toBe(false);
    const other = await createGrant(deal.enterprise, terms(), deal.ports);
    await again.addGrant(other);
    await revokeGrant(deal.enterprise, other.id, { book: again, api: deal.enterpriseApi, clock: deal.clock.now });
    expect(await deal.book.isRevoked(other.id)).toBe(true);
    expect(deal.coordinator.objects.size).toBeGreaterThan(0);
  });

  it("takes a damaged revocation for a revocation, and a damaged or misnamed grant for none", async () => {
    const [a, b] = [await createGrant(deal.enterprise, terms(), deal.ports), await createGrant(deal.enterprise, terms(), deal.ports)];
    await deal.book.addGrant(a);
    await writeFile(join(deal.folder, "book", "revocations", `${a.id}.bin`), "");
    expect(await deal.book.isRevoked(a.id)).toBe(true);
    await writeFile(join(deal.folder, "book", "grants", `${b.id}.bin`), envelopeToBytes(a.envelope));
    await expect(deal.book.grant(b.id)).rejects.toMatchObject({ code: "grant_mismatch" });
    const widened = grant.encode({ ...b.value, maxUses: 1000 });
    await writeFile(join(deal.folder, "book", "grants", `${b.id}.bin`), envelopeToBytes({ ...b.envelope, payload: widened }));
    await expect(deal.book.grant(b.id)).rejects.toMatchObject({ code: "signature_invalid" });
  });
});
