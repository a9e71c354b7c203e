import { describe, expect, it } from "vitest";
import { readConfig } from "../../src/coordinator/config.js";
import { sendingRules } from "../../src/coordinator/transactions/settings.js";

describe("readConfig", () => {
  it("fills in what is not said", () => {
    expect(readConfig({ stateDir: "/x" })).toMatchObject({ host: "127.0.0.1", port: 8080, database: { kind: "pglite" }, leaseSeconds: 30, maxFailures: 5, authorities: [], batchSize: 16, batchAgeMs: 4000, batchEarly: true });
  });

  it("keeps batches to what the ledger takes", () => {
    for (const wrong of [{ batchSize: 0 }, { batchSize: 65 }, { batchSize: 1.5 }, { batchAgeMs: -1 }, { batchEarly: "no" }]) {
      expect(() => readConfig({ stateDir: "/x", ...wrong }), JSON.stringify(wrong)).toThrow(expect.objectContaining({ code: "config_invalid" }));
    }
    expect(readConfig({ stateDir: "/x", batchSize: 64, batchAgeMs: 0, batchEarly: false })).toMatchObject({ batchSize: 64, batchAgeMs: 0, batchEarly: false });
  });

  it("bounds what a transaction may cost, in whole wei", () => {
    expect(sendingRules(readConfig({ stateDir: "/x" }).transactions)).toEqual({ maxFeePerGas: 500_000_000_000n, feeBumpSeconds: 45, resendSeconds: 10, foreignSeconds: 5 });
    expect(sendingRules(readConfig({ stateDir: "/x", transactions: { maxFeePerGasGwei: 0.1 } }).transactions).maxFeePerGas).toBe(100_000_000n);
    for (const wrong of [{ maxFeePerGasGwei: 0 }, { maxFeePerGasGwei: "9" }, { feeBumpSeconds: 0 }, { feeBumpSeconds: 1.5 }, { maxFee: 1 }]) {
      expect(() => readConfig({ stateDir: "/x", transactions: wrong }), JSON.stringify(wrong)).toThrow(expect.objectContaining({ code: "config_invalid" }));
    }
  });

  it("names every problem at once", () => {
    const broken = { port: 70000, leaseSeconds: "30", database: { kind: "postgres", url: "mysql://x" }, prot: 1 };
    expect(() => readConfig(broken)).toThrow(expect.objectContaining({ code: "config_invalid" }));
    try {
      readConfig(broken);
    } catch (error) {
      expect(Object.keys((error as { facts: object }).facts).sort()).toEqual(["config", "database.url", "leaseSeconds", "port", "stateDir"]);
    }
  });
});
