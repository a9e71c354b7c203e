import { describe, expect, it } from "vitest";
import { selectRoots } from "../../../src/attestation/dcap/anchor.js";
import { judgeAttributes } from "../../../src/attestation/dcap/attributes.js";
import { readPckChain } from "../../../src/attestation/dcap/machine.js";
import { parseQuote } from "../../../src/attestation/dcap/parse.js";
import { readPckFacts, SGX_EXTENSION } from "../../../src/attestation/dcap/pck.js";
import { INTEL_SGX_ROOT_CA } from "../../../src/attestation/roots/intel.js";
import type { Certificate } from "../../../src/attestation/x509/certificate.js";
import { encodeDer, TAG } from "../../../src/attestation/x509/der.js";
import { concat, fromHex, toHex, utf8, type Bytes } from "../../../src/protocol/bytes.js";
import { readVector, refusal } from "./cases.js";

const quote = parseQuote(readVector("sgx/phala-v3-ok", "quote.bin"));
const chain = readPckChain(quote.pckChain);
const codeOf = (act: () => unknown) => refusal((async () => act())());

describe("the PCK certificate's SGX extension", () => {
  it("tells machine, product and SVNs", () => {
    const { ppid, components, pceSvn, cpuSvn, pceId, fmspc } = readPckFacts(chain[0]);
    expect([ppid, cpuSvn, pceId, fmspc].map(toHex)).toEqual(["d04ec06d4e6d92dc90d0ad3cf5ee2ddf", "0b0b0202ff0100000000000000000000", "0000", "00a067110000"]);
    expect([components, pceSvn]).toEqual([[11, 11, 2, 2, 255, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 13]);
  });

  // Content octets of 1.2.840.113741.1.13.1, and an arc below it.
  const oid = (...arcs: number[]) => encodeDer(TAG.oid, fromHex("2a864886f84d010d01"), Uint8Array.from(arcs));
  const sequence = (...parts: Bytes[]) => encodeDer(TAG.sequence, ...parts);
  const octets = (length: number) => encodeDer(TAG.octetString, new Uint8Array(length));
  const integer = (...bytes: number[]) => encodeDer(TAG.integer, Uint8Array.from(bytes));
  const tcb = (n = 16, odd: Bytes = integer(1)) => sequence(
    ...Array.from({ length: n }, (_, i) => sequence(oid(2, i + 1), i === 3 ? odd : integer(1))), sequence(oid(2, 17), integer(9)), sequence(oid(2, 18), octets(16)),
  );
  const honest = { 1: octets(16), 2: tcb(), 3: octets(2), 4: octets(6) };
  const extension = (fields: Record<number, Bytes>, ...more: Bytes[]) =>
    sequence(...Object.entries(fields).map(([arc, value]) => sequence(oid(Number(arc)), value)), ...more);
  const withExtension = (value: Bytes | undefined): Certificate =>
    ({ ...chain[0], extensions: value === undefined ? new Map() : new Map([[SGX_EXTENSION, { critical: false, value }]]) });

  it("is read exactly", async () => {
    expect(await codeOf(() => readPckFacts(withExtension(extension(honest))))).toBe("accepted");
    expect(await codeOf(() => readPckFacts(withExtension(extension({ ...honest, 5: encodeDer(TAG.enumerated, Uint8Array.of(1)) }))))).toBe("accepted");
  });

  it.each<[string, Bytes | undefined]>([
    ["absent", undefined], ["empty", new Uint8Array()], ["followed by more", concat(extension(honest), Uint8Array.of(5, 0))],
    ["without PPID", extension({ 2: tcb(), 3: octets(2), 4: octets(6) })], ["with a field twice", extension(honest, sequence(oid(4), octets(6)))],
    ["with an unknown field", extension({ ...honest, 8: octets(1) })], ["with a short FMSPC", extension({ ...honest, 4: octets(5) })],
    ["with a component missing", extension({ ...honest, 2: tcb(15) })], ["with a component too many", extension({ ...honest, 2: tcb(19) })],
    ["with an SVN over a byte", extension({ ...honest, 2: tcb(16, integer(1, 0)) })], ["with a negative SVN", extension({ ...honest, 2: tcb(16, integer(0xff)) })],
    ["with two values in a field", extension({ ...honest, 3: concat(octets(2), octets(2)) })], ["too large", extension({ ...honest, 7: octets(4000) })],
  ])("%s refuses", async (_, value) => expect(await codeOf(() => readPckFacts(withExtension(value)))).toBe("evidence_malformed"));
});

describe("the PCK chain of a quote", () => {
  const text = new TextDecoder().decode(quote.pckChain.subarray(0, -1));
  it.each([
    ["empty", ""], ["no PEM", "certificate"], ["two NULs", `${text}\0\0`], ["a NUL inside", text.replace("\n", "\0")], ["text around", `# PCK\n${text}`],
    ["not ASCII", text.replace("M", "\u041c")], ["not canonical base64", text.replace("MII", "MI=")], ["nine certificates", text.repeat(3)],
  ])("%s refuses", async (_, pem) => expect(await codeOf(() => readPckChain(utf8(pem)))).toBe("evidence_malformed"));

  it("brings no root of its own, whatever its name", async () => {
    const [pck, ca, root] = chain as unknown as [Certificate, Certificate, Certificate];
    const impostor = { ...root, der: root.der.with(root.der.length - 1, 0) };
    const anchors = { vendor: { dcap: [INTEL_SGX_ROOT_CA] } };
    expect(selectRoots(anchors, [pck, ca, root]).anchor).toBe("intel");
    expect(selectRoots(anchors, [pck, ca]).anchor).toBe("intel");
    expect(await codeOf(() => selectRoots(anchors, [pck, ca, impostor]))).toBe("evidence_anchor");
    expect(await codeOf(() => selectRoots(anchors, []))).toBe("evidence_anchor");
  });

  it("a pinned root that is no certificate is the configuration's fault", async () => {
    expect(await codeOf(() => selectRoots({ vendor: { dcap: [Uint8Array.of(1)] } }, chain))).toBe("config_invalid");
  });
});

describe("a service TD", () => {
  it("bound to the TD refuses: it could migrate or change it", async () => {
    const evidence = readVector("tdx/google-v5-ok", "quote.bin");
    expect(await codeOf(() => judgeAttributes(parseQuote(evidence), true))).toBe("accepted");
    for (let offset = 54 + 600; offset < 54 + 648; offset++) {
      expect(await codeOf(() => judgeAttributes(parseQuote(evidence.with(offset, 1)), true))).toBe("evidence_attributes");
    }
  });
});
