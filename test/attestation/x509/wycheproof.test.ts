import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { readDer } from "../../../src/attestation/x509/der.js";
import { readPublicKey, type Curve } from "../../../src/attestation/x509/keys.js";
import { ecdsaFromDer, verifySignature, type SignatureScheme } from "../../../src/attestation/x509/signature.js";
import { fromHex } from "../../../src/protocol/bytes.js";
import { VeriteeError } from "../../../src/protocol/errors.js";

interface Test { readonly tcId: number; readonly comment: string; readonly msg: string; readonly sig: string; readonly result: "valid" | "invalid" }
interface Group { readonly publicKeyDer: string; readonly tests: readonly Test[] }
interface File { readonly numberOfTests: number; readonly testGroups: readonly Group[] }

const load = (name: string): File => JSON.parse(readFileSync(resolve(import.meta.dirname, "../../vectors", name), "utf8")) as File;

/** A signature in DER that does not convert is refused like one that does not verify. */
function raw(sig: Uint8Array, curve: Curve, der: boolean): Uint8Array | undefined {
  if (!der) return sig;
  try {
    return ecdsaFromDer(sig, curve);
  } catch (error) {
    if (error instanceof VeriteeError) return undefined;
    throw error;
  }
}

describe.each<[string, Curve, SignatureScheme, boolean]>([
  ["wycheproof-ecdsa-p256.json", "P-256", "ecdsa-p256-sha256", true],
  ["wycheproof-ecdsa-p256-p1363.json", "P-256", "ecdsa-p256-sha256", false],
  ["wycheproof-ecdsa-p384.json", "P-384", "ecdsa-p384-sha384", true],
  ["wycheproof-ecdsa-p384-p1363.json", "P-384", "ecdsa-p384-sha384", false],
])("ECDSA by %s", (name, curve, scheme, der) => {
  it("agrees with every verdict", async () => {
    const { numberOfTests, testGroups } = load(name);
    const wrong: string[] = [];
    let count = 0;
    for (const { publicKeyDer, tests } of testGroups) {
      const key = readDer(fromHex(publicKeyDer), 1024, "input_invalid", readPublicKey);
      for (const { tcId, comment, msg, sig, result } of tests) {
        const signature = raw(fromHex(sig), curve, der);
        const verified = signature !== undefined && await verifySignature(key, scheme, fromHex(msg), signature);
        if (verified !== (result === "valid")) wrong.push(`${String(tcId)} ${comment}`);
        count++;
      }
    }
    expect(wrong).toEqual([]);
    expect(count).toBe(numberOfTests);
  });
});
