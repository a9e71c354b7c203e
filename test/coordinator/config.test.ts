import { describe, expect, it } from "vitest";
import { readConfig } from "../../src/coordinator/config.js";

describe("readConfig", () => {
  it("fills in what is not said", () => {
    expect(readConfig({ stateDir: "/x" })).toMatchObject({ host: "127.0.0.1", port: 8080, database: { kind: "pglite" }, leaseSeconds: 30, maxFailures: 5, authorities: [] });
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
