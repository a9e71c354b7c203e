// What deploy/ holds, read as an engine would read it.
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parse, parseAllDocuments } from "yaml";

export const root = resolve(import.meta.dirname, "../../..");
export const text = (path: string): string => readFileSync(join(root, path), "utf8");

export interface ComposeService {
  readonly command: readonly string[];
  readonly image?: string;
  readonly build?: { readonly context: string; readonly dockerfile: string; readonly target: string };
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly secrets?: readonly string[];
  readonly networks: readonly string[] | Readonly<Record<string, unknown>>;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly read_only?: boolean; readonly cap_drop?: readonly string[]; readonly security_opt?: readonly string[];
  readonly ulimits?: { readonly core?: number };
  readonly stop_grace_period?: string;
}
export interface Compose {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly networks: Readonly<Record<string, unknown>>; readonly volumes: Readonly<Record<string, unknown>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
}
export const compose = parse(text("deploy/compose/compose.yaml"), { merge: true }) as Compose;
export const networksOf = ({ networks }: ComposeService): readonly string[] => (Array.isArray(networks) ? networks as string[] : Object.keys(networks));

export interface Stage { readonly name: string; readonly from: string; readonly steps: readonly { readonly word: string; readonly rest: string }[] }
/** A Containerfile's stages; comments and line continuations are resolved. */
export function stages(): ReadonlyMap<string, Stage> {
  const found = new Map<string, { name: string; from: string; steps: { word: string; rest: string }[] }>();
  let current: { name: string; from: string; steps: { word: string; rest: string }[] } | undefined;
  for (const line of text("deploy/Containerfile").replaceAll(/^#.*$/gm, "").replaceAll(/\\\n/g, " ").split("\n")) {
    const [, word, rest] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
    if (word === undefined || rest === undefined) continue;
    if (word === "FROM") {
      const [, from, name] = /^(\S+) AS (\S+)$/.exec(rest) ?? [];
      if (from === undefined || name === undefined) throw new Error(`a stage without a name: ${line}`);
      found.set(name, current = { name, from, steps: [] });
    } else current?.steps.push({ word, rest });
  }
  return found;
}
/** A stage's steps with those of the stages that it is built on, oldest first. */
export function stepsOf(name: string): Stage["steps"] {
  const stage = stages().get(name);
  return stage === undefined ? [] : [...stepsOf(stage.from), ...stage.steps];
}
export const lastStep = (name: string, word: string): string | undefined => stepsOf(name).findLast((step) => step.word === word)?.rest;
/** Environment that an image sets. */
export const imageEnvironment = (name: string): Record<string, string> =>
  Object.fromEntries(stepsOf(name).filter((s) => s.word === "ENV").flatMap((s) => s.rest.split(/\s+/).map((pair) => {
    const at = pair.indexOf("=");
    return [pair.slice(0, at), pair.slice(at + 1)] as const;
  })));

const KUBERNETES = "deploy/kubernetes";
export interface Manifest { readonly kind: string; readonly metadata: { readonly name: string }; readonly spec: never }
export const kustomization = parse(text(`${KUBERNETES}/kustomization.yaml`)) as { resources: string[]; configMapGenerator: { name: string; files: string[] }[] };
export const kubernetesFiles = readdirSync(join(root, KUBERNETES)).filter((f) => f.endsWith(".yaml") && f !== "kustomization.yaml");
export const manifests: readonly Manifest[] = kubernetesFiles.flatMap((f) => parseAllDocuments(text(`${KUBERNETES}/${f}`)).map((d) => {
  if (d.errors.length > 0) throw new Error(`${f}: ${d.errors.join("; ")}`);
  return d.toJS() as Manifest;
}));
export function manifest<T>(kind: string, name: string): T {
  const found = manifests.find((m) => m.kind === kind && m.metadata.name === name);
  if (found === undefined) throw new Error(`no ${kind} ${name}`);
  return found as T;
}
