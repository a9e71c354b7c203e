import { decode, encode } from "cborg";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NitroCollector } from "../../../enclave/platforms/nitro.js";
import { attestationDocument, attestationRequest } from "../../../enclave/platforms/nsm-messages.js";
import type { NsmDevice } from "../../../enclave/platforms/ports.js";
import { VeriteeError } from "../../../src/protocol/errors.js";
import type { Bytes } from "../../../src/protocol/bytes.js";
import { nitroDocument, noPause, REPORT_DATA, systemError } from "./harness/shapes.js";

interface Request { readonly Attestation: { readonly user_data: Bytes; readonly nonce: null; readonly public_key: null } }

/** A security module that answers as the real one does; a general CBOR package reads and writes for it. */
const module = (document: (data: Bytes) => Bytes = nitroDocument): NsmDevice => ({
  request: async (message) => encode({ Attestation: { document: document((decode(message) as Request).Attestation.user_data) } }),
});
const answering = (answer: unknown): NsmDevice => ({ request: async () => (answer instanceof Uint8Array ? answer : encode(answer)) });

describe("the request to the security module", () => {
  it("reads back as the module's own message, whatever the length of user_data", () => {
    for (const length of [0, 23, 24, 64, 255, 256, 512]) {
      const data = new Uint8Array(length).fill(7);
      expect(decode(attestationRequest(data))).toEqual({ Attestation: { user_data: data, nonce: null, public_key: null } });
    }
  });
});

describe("Nitro evidence", () => {
  it("is the module's document, with the report data as user_data", async () => {
    expect(await new NitroCollector(module(), noPause).collect(REPORT_DATA))
      .toEqual({ platform: "nitro", evidence: Uint8Array.from(nitroDocument(REPORT_DATA)), collateral: new Uint8Array() });
  });

  it.each<[string, NsmDevice, string]>([
    ["an error of the module", answering({ Error: "InvalidArgument" }), "service_unavailable"],
    ["another response", answering({ DescribeNSM: { version_major: 1 } }), "evidence_malformed"],
    ["a response without a document", answering({ Attestation: {} }), "evidence_malformed"],
    ["another field in the document's place", answering({ Attestation: { certificate: new Uint8Array(9) } }), "evidence_malformed"],
    ["a document that is text", answering({ Attestation: { document: "x" } }), "evidence_malformed"],
    ["a list", answering([1]), "evidence_malformed"],
    ["nothing", answering(new Uint8Array()), "evidence_malformed"],
    ["an empty document", answering({ Attestation: { document: new Uint8Array() } }), "evidence_malformed"],
    ["bytes after the response", answering(Uint8Array.from([...encode({ Attestation: { document: nitroDocument(REPORT_DATA) } }), 0])), "evidence_malformed"],
    ["a document for other data", module(() => nitroDocument(new Uint8Array(64))), "evidence_malformed"],
    ["a document over the bound", module((data) => Uint8Array.from([...nitroDocument(data), ...new Uint8Array(16_384)])), "evidence_malformed"],
    ["no device", { request: async () => Promise.reject(systemError("ENOENT")) }, "unsupported"],
    ["no permission", { request: async () => Promise.reject(systemError("EACCES")) }, "config_invalid"],
    ["a failing device", { request: async () => Promise.reject(systemError("EIO")) }, "service_unavailable"],
  ])("is refused on %s", async (_what, device, code) => {
    await expect(new NitroCollector(device, noPause).collect(REPORT_DATA)).rejects.toMatchObject({ code });
  });

  it("is asked for again after EINTR and EBUSY", async () => {
    const faults = ["EINTR", "EBUSY"];
    const device: NsmDevice = { request: async (message) => {
      const fault = faults.shift();
      if (fault !== undefined) throw systemError(fault);
      return module().request(message);
    } };
    expect((await new NitroCollector(device, noPause).collect(REPORT_DATA)).platform).toBe("nitro");
  });

  it("never comes out of a response cut anywhere", () => {
    const whole = encode({ Attestation: { document: nitroDocument(REPORT_DATA) } });
    for (let length = 0; length < whole.length; length++) {
      expect(() => attestationDocument(whole.slice(0, length)), String(length)).toThrow(VeriteeError);
    }
  });

  it("is refused with a code for any other bytes", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      try {
        attestationDocument(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(VeriteeError);
      }
    }), { seed: 42, numRuns: Number(process.env["VERITEE_FUZZ_RUNS"] ?? 2000) });
  });
});
