import { createHash } from "node:crypto";
import { readFile, readdir } from "node:fs/promises";
import { dirname, join, normalize } from "node:path";
import { root } from "../../circuits/harness/circuits.js";

/** Texts by path from the project's root, the entry first. */
export type Sources = ReadonlyMap<string, string>;

export const entryOf = (circuit: string): string => `circuits/main/${circuit}.circom`;

/** Base names of the entries in circuits/main. */
export async function circuitNames(): Promise<string[]> {
  const files = await readdir(join(root, "circuits/main"));
  return files.filter((f) => f.endsWith(".circom")).map((f) => f.slice(0, -".circom".length)).sort();
}

/** An entry and all that it includes, circomlib's files too. */
export async function sourcesOf(circuit: string): Promise<Sources> {
  const sources = new Map<string, string>();
  const visit = async (path: string): Promise<void> => {
    if (sources.has(path)) return;
    const text = await readFile(join(root, path), "utf8");
    sources.set(path, text);
    for (const [, target] of text.matchAll(/^include "([^"]+)";/gm)) await visit(included(path, target as string));
  };
  await visit(entryOf(circuit));
  return sources;
}

/** SHA-256 over paths and texts, in order of path. */
export function digestOf(sources: Sources): string {
  const hash = createHash("sha256");
  for (const path of [...sources.keys()].sort()) hash.update(`${path}\0${sources.get(path) ?? ""}\0`);
  return hash.digest("hex");
}

const included = (from: string, target: string): string => normalize(join(dirname(from), target)).replaceAll("\\", "/");

/** Ours, which mutants are made of; circomlib is taken as it is. */
export const ours = (path: string): boolean => path.startsWith("circuits/");

/** The text with comments blanked, so that positions stay. */
export const uncommented = (text: string): string =>
  text.replace(/\/\/.*|\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, " "));
