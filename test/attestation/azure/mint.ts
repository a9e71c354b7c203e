import { createPrivateKey, generateKeyPairSync, sign, type KeyObject } from "node:crypto";
import type { AppraiserInput } from "../../../src/attestation/verdict.js";
import { concat, toHex, u32be, utf8, type Bytes } from "../../../src/protocol/bytes.js";
import { sha256 } from "../../../src/protocol/hash.js";
import { PUBLIC_SIM_SEED } from "../../../src/simulator/seed.js";
import { SimulatedSnp } from "../../../src/simulator/snp/snp.js";
import { base64url } from "./cases.js";

/** The time that minted evidence is judged at, 2026-03-01. */
export const NOW = Date.UTC(2026, 2, 1) / 1000;
const machine = new SimulatedSnp(PUBLIC_SIM_SEED, "azure-tests");

export interface Ak { readonly key: KeyObject; readonly jwk: { readonly n: string; readonly e: string }; readonly spki: Bytes }

export function attestationKey(bits = 2048): Ak {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: bits });
  const { n, e } = publicKey.export({ format: "jwk" }) as { n: string; e: string };
  return { key: createPrivateKey(privateKey.export({ type: "pkcs8", format: "pem" })), jwk: { n, e }, spki: Uint8Array.from(publicKey.export({ type: "spki", format: "der" })) };
}

export interface Minted {
  readonly ak: Ak;
  /** The runtime data, as JSON or raw. */
  readonly runtime?: unknown;
  readonly hclVersion?: number;
  /** Fields of the HCL report put in place of honest ones: offset and u32. */
  readonly hcl?: readonly (readonly [offset: number, value: number])[];
  readonly quote?: Partial<QuoteFields>;
  readonly pcrs?: readonly Bytes[];
  readonly akCertificates?: readonly Bytes[];
}

export interface QuoteFields {
  readonly magic: number;
  readonly type: number;
  readonly extraData: Bytes;
  readonly safe: number;
  /** TPML_PCR_SELECTION. */
  readonly selection: Bytes;
  readonly digest: Bytes;
  readonly trailing: Bytes;
}

const u16 = (n: number): Bytes => u32be(n).slice(2);
const sized = (bytes: Bytes): Bytes => concat(u16(bytes.length), bytes);
export const selectionOf = (...banks: readonly (readonly [algorithm: number, mask: readonly number[]])[]): Bytes =>
  concat(u32be(banks.length), ...banks.map(([algorithm, mask]) => concat(u16(algorithm), Uint8Array.of(mask.length, ...mask))));

function attest(fields: QuoteFields): Bytes {
  const { magic, type, extraData, safe, selection, digest, trailing } = fields;
  const clock = concat(new Uint8Array(8), u32be(3), u32be(1), Uint8Array.of(safe));
  return concat(u32be(magic), u16(type), sized(new Uint8Array(34)), sized(extraData), clock, new Uint8Array(8).fill(1), selection, sized(digest), trailing);
}

export const honestRuntime = ({ jwk }: Ak) => ({
  keys: [{ kid: "HCLAkPub", key_ops: ["sign"], kty: "RSA", ...jwk }],
  "vm-configuration": { "console-enabled": false, "secure-boot": true, "tpm-enabled": true, vmUniqueId: "00000000-0000-0000-0000-000000000000" },
  "user-data": "00".repeat(64),
});

function hclReport(hardware: Bytes, runtime: Bytes, { hclVersion = 1, hcl = [] }: Minted): Bytes {
  const out = new Uint8Array(2600);
  const view = new DataView(out.buffer);
  const honest = [[0, 0x414c4348], [4, hclVersion], [8, 1236 + runtime.length], [12, 2], [1216, 20 + runtime.length], [1220, 1], [1224, 2], [1228, 1], [1232, runtime.length]] as const;
  out.set(hardware, 32);
  out.set(runtime, 1236);
  for (const [offset, value] of [...honest, ...hcl]) view.setUint32(offset, value, true);
  return out;
}

/** Evidence whose every signature is right, under the simulator's root; what it says is up to the options. */
export function mint(options: Minted): AppraiserInput {
  const { ak, runtime = honestRuntime(ak), quote = {}, akCertificates } = options;
  const { pcrs = Array.from({ length: 24 }, (_, i) => new Uint8Array(32).fill(i)) } = options;
  const runtimeData = runtime instanceof Uint8Array ? runtime : utf8(JSON.stringify(runtime));
  const { evidence: hardware, collateral } = machine.quote({ measurement: new Uint8Array(48).fill(7), reportData: concat(sha256(runtimeData), new Uint8Array(32)), now: NOW, debug: false }, {});
  const message = attest({
    magic: 0xff544347, type: 0x8018, extraData: new Uint8Array(32).fill(5), safe: 1, selection: selectionOf([0x000b, [0xff, 0xff, 0xff]]),
    digest: sha256(concat(...pcrs)), trailing: new Uint8Array(), ...quote,
  });
  const json = {
    version: 1, hcl_report: base64url(hclReport(hardware, runtimeData, options)),
    tpm_quote: { message: toHex(message), signature: sign("sha256", message, ak.key).toString("hex"), pcrs: pcrs.map(toHex) },
    ...(akCertificates === undefined ? {} : { ak_certificates: akCertificates.map(base64url) }),
  };
  return { evidence: utf8(JSON.stringify(json)), collateral, anchors: { sim: machine.anchors() }, at: NOW, judgeTcb: true };
}
