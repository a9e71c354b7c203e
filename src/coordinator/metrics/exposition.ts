// Prometheus' text format 0.0.4, by hand: what is needed of it is smaller than a package with its dependencies.

export type Labels = Readonly<Record<string, string>>;
export interface Sample { readonly name: string; readonly labels: Labels; readonly value: number }
export interface Family { readonly name: string; readonly help: string; readonly type: "counter" | "gauge" | "histogram"; readonly samples: readonly Sample[] }

export const METRICS_MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8";

export const textOf = (families: readonly Family[]): string => families.map(familyText).join("");

function familyText({ name, help, type, samples }: Family): string {
  const lines = samples.map((s) => `${s.name}${labelText(s.labels)} ${numberText(s.value)}\n`);
  return `# HELP ${name} ${help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}\n# TYPE ${name} ${type}\n${lines.join("")}`;
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([k, v]) => `${k}="${v.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

export const numberText = (value: number): string => (Number.isFinite(value) ? String(value) : value > 0 ? "+Inf" : value < 0 ? "-Inf" : "NaN");
