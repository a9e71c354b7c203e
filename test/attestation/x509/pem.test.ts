import { describe, expect, it } from "vitest";
import { parsePem } from "../../../src/attestation/x509/pem.js";
import { toBase64, toHex } from "../../../src/protocol/bytes.js";

const DER = Uint8Array.from({ length: 100 }, (_, i) => i);
const lines = toBase64(DER).match(/.{1,64}/g) as string[];
const block = ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----"];
const refusal = expect.objectContaining({ code: "evidence_malformed" }) as Error;

describe("PEM", () => {
  it.each(["\n", "\r\n"])("is read with line ends %j, in order, with empty lines between blocks", (eol) => {
    const other = [block[0], "AQI=", block.at(-1)];
    expect(parsePem([...block, "", ...other, ""].join(eol)).map(toHex)).toEqual([toHex(DER), "0102"]);
    expect(parsePem(block.join(eol)).map(toHex)).toEqual([toHex(DER)]);
  });

  it.each([
    ["no block", ""], ["text before", `x\n${block.join("\n")}`], ["text after", `${block.join("\n")}\nx`], ["a trailing NUL", `${block.join("\n")}\n\0`],
    ["another kind of block", block.join("\n").replaceAll("CERTIFICATE", "PRIVATE KEY")], ["no end", block.slice(0, -1).join("\n")],
    ["white space in a line", block.join("\n").replace("AAECA", "AAEC A")], ["an empty line inside", block.join("\n\n")],
    ["an over-long line", [block[0], toBase64(DER), block.at(-1)].join("\n")], ["headers", block.join("\n").replace("\n", "\nProc-Type: 4\n")],
    ["base64 with stray bits", ["-----BEGIN CERTIFICATE-----", "AB==", "-----END CERTIFICATE-----"].join("\n")],
    ["nine certificates", Array.from({ length: 9 }, () => block.join("\n")).join("\n")], ["too many characters", "\n".repeat(200_000)],
  ])("is refused with %s", (_, text) => expect(() => parsePem(text)).toThrowError(refusal));

  it("is refused under the code that its caller names", () => {
    expect(() => parsePem("", "collateral_malformed")).toThrowError(expect.objectContaining({ code: "collateral_malformed" }) as Error);
  });
});
