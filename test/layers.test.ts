import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";

// Who may import whom (DESIGN section 4, docs/decisions/0003). `tsc -b` refuses what a folder's tsconfig does not
// reference; this test sees what it does not: packages, computed imports, and that the references are these.

const root = resolve(import.meta.dirname, "..");
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  "src/protocol": [],
  "src/attestation": ["src/protocol"],
  "src/proofs": ["src/protocol"],
  "src/programs": ["src/protocol"],
  "src/transport": ["src/protocol"],
  "src/telemetry": ["src/protocol"],
  "src/prover": ["src/protocol", "src/proofs", "src/programs"],
  "src/simulator": ["src/protocol", "src/attestation"],
  "src/broker": ["src/protocol", "src/attestation", "src/transport"],
  "src/enterprise": ["src/protocol", "src/attestation", "src/programs", "src/proofs", "src/transport", "src/broker"],
  "src/platform": ["src/protocol", "src/attestation", "src/programs", "src/transport", "src/broker"],
  "src/source": ["src/protocol", "src/programs", "src/broker"],
  "src/chain": ["src/protocol"],
  "src/outbound": ["src/protocol"],
  "src/coordinator": ["src/protocol", "src/attestation", "src/chain", "src/transport", "src/outbound", "src/telemetry"],
  "src/backup": ["src/protocol", "src/transport", "src/coordinator"],
  "src/fsck": ["src/protocol", "src/broker", "src/coordinator"],
  "src/verifier": ["src/protocol", "src/attestation", "src/proofs"],
  "src/collateral": ["src/protocol", "src/attestation", "src/outbound"],
  enclave: ["src/protocol", "src/attestation", "src/programs", "src/proofs", "src/prover", "src/transport"],
};
const BROWSER_SAFE = ["src/protocol", "src/attestation", "src/proofs", "src/programs", "src/verifier"];
const GPL = ["snarkjs", "ffjavascript", "circom2", "circomlib", "fastfile", "wasmcurves", "wasmbuilder"];

const files = (folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((f) => f.endsWith(".ts") && !f.includes("node_modules"))
    .map((f) => join(folder, f));

function imports(file: string): string[] {
  // Source text that a file writes is not its own: template literals over several lines are left out.
  const text = readFileSync(join(root, file), "utf8").replace(/`[^`]*\n[^`]*`/g, "``");
  return [...text.matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g)].map(([, target]) => target as string);
}
const folderOf = (path: string): string => (path.startsWith("src/") ? path.split("/").slice(0, 2).join("/") : (path.split("/")[0] as string));

describe.each(Object.entries(ALLOWED))("%s", (folder, allowed) => {
  const all = files(folder);

  it("imports only the folders it may", () => {
    const strays = all.flatMap((file) => imports(file).filter((t) => t.startsWith("."))
      .map((t) => folderOf(relative(root, resolve(root, dirname(file), t))))
      .filter((target) => target !== folder && !allowed.includes(target))
      .map((target) => `${file} -> ${target}`));
    expect(all.length).toBeGreaterThan(0);
    expect(strays).toEqual([]);
  });

  it("references no more in its tsconfig", () => {
    const config = JSON.parse(readFileSync(join(root, folder, "tsconfig.json"), "utf8")) as { references: { path: string }[] };
    const referenced = config.references.map((r) => relative(root, resolve(root, folder, r.path)));
    expect(referenced.filter((r) => !allowed.includes(r))).toEqual([]);
  });

  it("computes no import", () => {
    expect(all.filter((file) => /\bimport\s*\(\s*[^"\s)]/.test(readFileSync(join(root, file), "utf8")))).toEqual([]);
  });

  if (folder !== "src/prover") {
    it("imports no GPL package", () => {
      expect(all.flatMap((file) => imports(file).filter((t) => GPL.includes(t)))).toEqual([]);
    });
  }
});

describe.each(BROWSER_SAFE)("%s is browser-safe and pure", (folder) => {
  it("uses neither Node, environment, clock nor chance", () => {
    const offences = files(folder).flatMap((file) => {
      const text = readFileSync(join(root, file), "utf8").replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, "");
      return [/"node:/, /process\./, /Date\.now\(/, /Math\.random\(/, /new Date\(\)/].filter((rule) => rule.test(text)).map((rule) => `${file}: ${rule}`);
    });
    expect(offences).toEqual([]);
  });
});
