import { describe, expect, it } from "vitest";
import { toHex } from "../../../src/protocol/bytes.js";
import { appraise, caseNames, nitroCase, verdict } from "./fixtures.js";

const EXPECTED: Readonly<Record<string, string>> = {
  "base-truncated": "evidence_malformed", "dstack-debug": "evidence_debug", "dstack-nsm-leaf-expired": "certificate_expired", "dstack-nsm-ok": "accept",
  "evervault-beta-debug": "evidence_debug", "evervault-beta-ok": "accept", "nitriding-initiator-ok": "accept",
};

describe("captured Nitro documents", () => {
  it("are all judged here", () => expect(caseNames).toEqual(Object.keys(EXPECTED).sort()));

  it.each(Object.entries(EXPECTED))("%s: %s", async (name, code) => {
    const { document, at, expect: stated } = nitroCase(name);
    expect(code === "accept").toBe(stated === "accept");
    expect(await verdict(document, at)).toBe(code);
  });

  it("tell measurements, module, times and binding", async () => {
    const { document, at } = nitroCase("dstack-nsm-ok");
    const { measurements, ...claims } = await appraise(document, at);
    expect(claims).toMatchObject({
      platform: "nitro", anchor: "aws", instance: "i-0827e799ec9232d44-enc019b55a68bd2ed4b", issuedAt: 1766668537,
      validUntil: Date.UTC(2025, 11, 25, 16, 15, 37) / 1000, attributes: {}, product: undefined,
      tcb: { status: undefined, advisories: [], behind: "" },
    });
    expect(claims.reportData).toHaveLength(64);
    expect(Object.keys(measurements)).toEqual(Array.from({ length: 16 }, (_, i) => `pcr${String(i)}`));
    expect(measurements["pcr0"]).toMatch(/^5cb702954321826d7939d6da829a940d787fcf32357beb8e[0-9a-f]{48}$/);
  });

  it("tell nonce, and leave report data empty without user_data", async () => {
    const { document, at } = nitroCase("evervault-beta-ok");
    const { attributes, reportData } = await appraise(document, at);
    expect(attributes["nonce"]).toMatch(/^cb3dc2eb76c0c134[0-9a-f]{496}$/);
    expect(attributes).not.toHaveProperty("public_key");
    expect(toHex(reportData)).toBe("");
  });

  it("give user_data as it stands when it is not 64 bytes", async () => {
    const { document, at } = nitroCase("nitriding-initiator-ok");
    expect((await appraise(document, at)).reportData).toHaveLength(72);
  });
});
