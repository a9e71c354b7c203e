import { copyFile, mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { toHex, utf8 } from "../../protocol/bytes.js";
import { ensure } from "../../protocol/errors.js";
import { circuitName, type ArtefactManifest } from "../../proofs/artefacts.js";
import { PARAMETERS_FORMAT, type ParametersJson } from "../../proofs/parameters.js";
import { verificationKeySha256, verificationKeyToBytes } from "../../proofs/vk.js";
import { artefactPaths, sha256Hex, writeWhole } from "../artefact-files.js";
import { canonicalJson, type Json } from "./canonical-json.js";
import { zkeyFile } from "./folder.js";
import type { CeremonyReport, VerifiedKey } from "./verify.js";

/** The files that a finished ceremony leaves. */
export interface FinishedCeremony {
  readonly parametersFile: string;
  readonly transcriptFile: string;
  readonly transcriptSha256: string;
  readonly parameters: ParametersJson;
}

/** Everything that a ceremony's outcome hangs on, by hash. Two people who verify the same folder write the same bytes. */
export function transcriptOf({ ok, final, ptau, keys }: CeremonyReport): Json {
  ensure(ok && final && ptau !== undefined, "parameters_insecure", "a transcript is written of a ceremony that verifies as final only");
  return { format: "veritee-transcript/1", ptau, circuits: keys.map(circuitEntry) };
}

export const transcriptSha256 = (transcript: Json): string => sha256Hex(utf8(canonicalJson(transcript)));

function circuitEntry({ record, chain, zkeySha256, key }: VerifiedKey): Json {
  const links = chain.contributions.map(({ kind, name, hash, beacon }) =>
    beacon === undefined ? { kind, name, hash } : { kind, name, hash, value: beacon.value, iterationsLog2: beacon.iterationsLog2 });
  return { ...record, circuitHash: chain.circuitHash, contributions: links, zkeySha256, verificationKeySha256: toHex(verificationKeySha256(key)) };
}

const manifestOf = ({ record, zkeySha256, key }: VerifiedKey): ArtefactManifest & { readonly parameters: "ceremony" } => ({
  circuit: circuitName(record.circuit), r1csSha256: record.r1csSha256, wasmSha256: record.wasmSha256, zkeySha256,
  verificationKeySha256: toHex(verificationKeySha256(key)), parameters: "ceremony", constraints: record.constraints, publicInputs: record.publicInputs,
});

/**
 * Writes transcript.json, parameters.json and the proving keys (artefacts/, laid out as provers look for them) of a ceremony
 * that was verified as final. @throws parameters_insecure when it was not
 */
export async function finishCeremony(folder: string, report: CeremonyReport, out: string): Promise<FinishedCeremony> {
  const transcript = transcriptOf(report);
  const digest = transcriptSha256(transcript);
  const parameters: ParametersJson = {
    format: PARAMETERS_FORMAT, transcriptSha256: digest,
    circuits: report.keys.map((verified) => ({ manifest: manifestOf(verified), verificationKey: toHex(verificationKeyToBytes(verified.key)) })),
  };
  for (const verified of report.keys) {
    const { zkey } = artefactPaths(join(out, "artefacts"), manifestOf(verified));
    await mkdir(dirname(zkey), { recursive: true });
    await copyFile(zkeyFile(folder, verified.record.circuit, verified.round), zkey);
  }
  const files = { transcriptFile: join(out, "transcript.json"), parametersFile: join(out, "parameters.json") };
  await writeWhole(files.transcriptFile, utf8(canonicalJson(transcript)));
  await writeWhole(files.parametersFile, utf8(`${JSON.stringify(parameters, null, 2)}\n`));
  return { ...files, transcriptSha256: digest, parameters };
}
