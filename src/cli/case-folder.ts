import { readFile, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { z } from "zod";
import { VENDOR_ANCHORS } from "../attestation/roots.js";
import type { TrustAnchors } from "../attestation/verdict.js";
import { parsePem } from "../attestation/x509/pem.js";
import { toBase64, utf8, type Bytes } from "../protocol/bytes.js";
import { VeriteeError } from "../protocol/errors.js";
import type { Evidence } from "../protocol/objects/parts.js";
import { azureYamlToJson } from "./azure-yaml.js";
import { readJson } from "./options.js";

/** A folder of captured evidence with what is expected of it: test vectors, bug reports, an auditor's file. */
export interface EvidenceCase {
  readonly name: string;
  readonly evidence: Evidence;
  readonly anchors: TrustAnchors;
  /** Unix seconds; undefined for now. */
  readonly verifyAt: number | undefined;
  readonly judgeTcb: boolean;
  /** JSON of a policy file that the case names. */
  readonly policy: unknown;
  /** The case's own word on what should become of it. */
  readonly expect: string;
}

const caseFile = z.looseObject({
  platform: z.string().min(1).max(40),
  expect: z.string().max(500).default(""),
  reason: z.string().max(2000).default(""),
  verifyAt: z.iso.datetime().nullable().default(null),
  policy: z.looseObject({ format: z.string().optional() }).optional(),
});
type CaseJson = z.infer<typeof caseFile>;

/** Simulated evidence is filed under its own platform names; its format is the genuine one. */
const SIMULATED = /^sim-/;
/** `with the collateral in tdx/some-case`: two cases of one machine share it. */
const SHARED_COLLATERAL = /collateral in ([a-z0-9-]+\/[a-z0-9-]+)/;

/** Reads a case folder. @throws not_found, input_invalid naming the file */
export async function readCase(folder: string): Promise<EvidenceCase> {
  const file = join(folder, "case.json");
  const parsed = caseFile.safeParse(await readJson(file));
  if (!parsed.success) throw new VeriteeError("input_invalid", parsed.error.issues[0]?.message ?? "not a case", { file, field: parsed.error.issues[0]?.path.join(".") ?? "" });
  const json = parsed.data;
  const platform = json.platform.replace(SIMULATED, "");
  const parts = await (READERS[platform] ?? formatSample)(folder, json);
  return {
    name: `${basename(dirname(folder))}/${basename(folder)}`,
    evidence: { platform, ...parts },
    anchors: SIMULATED.test(json.platform) ? await simulatorAnchors(folder) : VENDOR_ANCHORS,
    verifyAt: json.verifyAt === null ? undefined : Math.floor(Date.parse(json.verifyAt) / 1000),
    judgeTcb: !/TCB (?:is )?not judged/i.test(json.expect),
    // Other policies in case files are names of certificates, which belong to the anchor.
    policy: json.policy?.format === undefined ? undefined : json.policy,
    expect: json.expect,
  };
}

type Parts = Pick<Evidence, "evidence" | "collateral">;
type Reader = (folder: string, json: CaseJson) => Promise<Parts>;
const NONE: Bytes = new Uint8Array();

const dcap: Reader = async (folder) => ({ evidence: await anyOf(folder, ["quote.bin", "quote.dat"]), collateral: await optional(folder, "collateral.json") });

const snp: Reader = async (folder) => {
  const vek = toBase64(await bytes(folder, "vek.der"));
  const chain = await optional(folder, "ask_ark.pem");
  return { evidence: await bytes(folder, "report.bin"), collateral: json({ vek, ...(chain.length === 0 ? {} : { ask: toBase64(issuerOf(chain)) }) }) };
};

/** The chain's first certificate; the appraiser judges what is no certificate. */
function issuerOf(chain: Bytes): Bytes {
  try {
    return parsePem(new TextDecoder().decode(chain))[0] ?? chain;
  } catch {
    return chain;
  }
}

const azure: Reader = async (folder, { reason }) => {
  const shared = SHARED_COLLATERAL.exec(reason)?.[1];
  const collateral = shared === undefined ? await optional(folder, "collateral.json") : await bytes(join(folder, "..", "..", shared), "collateral.json");
  const yaml = await optional(folder, "evidence.yaml");
  return { evidence: yaml.length > 0 ? json(azureYamlToJson(new TextDecoder().decode(yaml))) : await bytes(folder, "evidence.json"), collateral };
};

const READERS: Readonly<Record<string, Reader>> = {
  sgx: dcap,
  tdx: dcap,
  snp,
  nitro: async (folder) => ({ evidence: await bytes(folder, "document.cbor"), collateral: NONE }),
  "az-snp-vtpm": azure,
  "az-tdx-vtpm": azure,
  csv: async (folder) => ({
    evidence: await bytes(folder, "report.bin"),
    collateral: json({ hskCek: toBase64(await bytes(folder, "hsk_cek.cert")), ...(await hrk(folder)) }),
  }),
};

const hrk = async (folder: string): Promise<{ hrk?: string }> => {
  const root = await optional(folder, "hrk.cert");
  return root.length === 0 ? {} : { hrk: toBase64(root) };
};

/** A platform that nobody appraises: the case is a sample of a format, and its verdict says so. */
const formatSample: Reader = async () => ({ evidence: NONE, collateral: NONE });

/** A simulator's root lies in the case's folder or beside it; it counts for this case and as a simulator's only. */
async function simulatorAnchors(folder: string): Promise<TrustAnchors> {
  const own = await optional(folder, "root.der");
  const root = own.length > 0 ? own : await bytes(join(folder, ".."), "root.der");
  return { sim: { dcap: [root], nitro: [root] } };
}

const json = (value: unknown): Bytes => utf8(JSON.stringify(value));

async function anyOf(folder: string, [first, ...others]: readonly [string, ...string[]]): Promise<Bytes> {
  for (const name of others) {
    const found = await optional(folder, name);
    if (found.length > 0) return found;
  }
  return bytes(folder, first);
}

async function optional(folder: string, name: string): Promise<Bytes> {
  try {
    return await bytes(folder, name);
  } catch (error) {
    if (error instanceof VeriteeError && error.code === "not_found") return NONE;
    throw error;
  }
}

/** @throws not_found, input_invalid */
const bytes = (folder: string, name: string): Promise<Bytes> => readBytes(join(folder, name));

/** A file's bytes. @throws not_found, input_invalid naming the file */
export async function readBytes(path: string): Promise<Bytes> {
  try {
    return Uint8Array.from(await readFile(path));
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? "";
    throw new VeriteeError(code === "ENOENT" ? "not_found" : "input_invalid", "cannot read the file", { file: path, cause: code }, { cause });
  }
}

/** Whether a path is a folder; one that does not exist is none. */
export const isFolder = async (path: string): Promise<boolean> => stat(path).then((s) => s.isDirectory(), () => false);
