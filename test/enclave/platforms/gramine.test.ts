import { describe, expect, it } from "vitest";
import { GramineCollector } from "../../../enclave/platforms/gramine.js";
import type { Files } from "../../../enclave/platforms/ports.js";
import { utf8, type Bytes } from "../../../src/protocol/bytes.js";
import { noPause, REPORT_DATA, sgxQuote, systemError } from "./harness/shapes.js";

interface Options {
  readonly type?: string;
  readonly quote?: (data: Bytes) => Bytes;
  readonly faults?: readonly string[];
}

/** Gramine's pseudo-files: one report data for the whole process, a quote made at every read. */
function gramine({ type = "dcap", quote = sgxQuote, faults = [] }: Options = {}): Files {
  const pending = [...faults];
  let data: Bytes = new Uint8Array(64);
  const never = (): never => {
    throw systemError("ENOSYS");
  };
  return {
    exists: async () => true, makeFolder: never, removeFolder: never,
    async write(path, bytes) {
      await Promise.resolve();
      if (path !== "/dev/attestation/user_report_data") throw systemError("ENOENT");
      data = bytes.slice();
    },
    async read(path, limit) {
      await Promise.resolve();
      if (path === "/dev/attestation/attestation_type") return utf8(type);
      if (path !== "/dev/attestation/quote") throw systemError("ENOENT");
      const fault = pending.shift();
      if (fault !== undefined) throw systemError(fault);
      const bytes = quote(data);
      if (bytes.length > limit) throw systemError("EFBIG");
      return bytes;
    },
  };
}

describe("SGX evidence under Gramine", () => {
  it("is a quote over the report data", async () => {
    expect(await new GramineCollector(gramine(), noPause).collect(REPORT_DATA))
      .toEqual({ platform: "sgx", evidence: sgxQuote(REPORT_DATA), collateral: new Uint8Array() });
  });

  it("is each caller's own, although they share one pair of files", async () => {
    const collector = new GramineCollector(gramine(), noPause);
    const asked = Array.from({ length: 6 }, (_, i) => new Uint8Array(64).fill(i + 1));
    const got = await Promise.all(asked.map((data) => collector.collect(data)));
    expect(got.map((e) => e.evidence)).toEqual(asked.map(sgxQuote));
  });

  it("comes after EINTR and EBUSY, and one caller's failure is not the next one's", async () => {
    expect((await new GramineCollector(gramine({ faults: ["EINTR", "EBUSY"] }), noPause).collect(REPORT_DATA)).platform).toBe("sgx");
    const collector = new GramineCollector(gramine({ faults: ["EIO"] }), noPause);
    const [first, second] = await Promise.allSettled([collector.collect(REPORT_DATA), collector.collect(REPORT_DATA)]);
    expect([first.status, second.status]).toEqual(["rejected", "fulfilled"]);
  });

  it.each<[string, Options, string]>([
    ["another attestation type", { type: "none" }, "unsupported"],
    ["the retired type", { type: "epid" }, "unsupported"],
    ["a quote over 8 KiB", { quote: () => new Uint8Array(8193) }, "evidence_malformed"],
    ["an empty quote", { quote: () => new Uint8Array() }, "evidence_malformed"],
    ["a quote for other data", { quote: () => sgxQuote(new Uint8Array(64)) }, "evidence_malformed"],
    ["a device that stays busy", { faults: Array<string>(9).fill("EBUSY") }, "service_unavailable"],
    ["a missing file", { faults: ["ENOENT"] }, "unsupported"],
  ])("is refused on %s", async (_what, options, code) => {
    await expect(new GramineCollector(gramine(options), noPause).collect(REPORT_DATA)).rejects.toMatchObject({ code });
  });
});
