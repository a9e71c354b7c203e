// Makes the measured worker: one ES module an entry, in dist/enclave/. worker.mjs (enclave/main.ts) may be played by the
// simulator; worker-production.mjs (enclave/production.ts) is for hardware, with nothing in it that simulates. The same
// sources and the same dependencies give the same bytes on every machine and in every folder: no source map, no path, no time.
//   node scripts/enclave-bundle.mjs           writes each with a .json about it, prints the measurements
//   node scripts/enclave-bundle.mjs --quiet   writes only
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");

const AS_IT_IS = Symbol("resolve without this plugin");

/**
 * Cuts what the worker never uses out of the proving stack, so that it is not in the measured set: of snarkjs the curves
 * are left. Threads are src/prover's own; the package that would start them from a file of its own is replaced by a
 * refusal.
 */
const narrowed = {
  name: "narrowed",
  setup(build) {
    build.onResolve({ filter: /^(snarkjs|web-worker)$/ }, async ({ path, kind, resolveDir, pluginData }) => {
      if (pluginData === AS_IT_IS) return undefined;
      const found = await build.resolve(path, { kind, resolveDir, pluginData: AS_IT_IS });
      return { path, namespace: "narrowed", pluginData: { folder: dirname(found.path) } };
    });
    build.onLoad({ filter: /^web-worker$/, namespace: "narrowed" }, () => ({
      contents: "export default class { constructor() { throw new Error('the enclave starts no foreign threads'); } }",
    }));
    build.onLoad({ filter: /^snarkjs$/, namespace: "narrowed" }, ({ pluginData }) => ({
      contents: "export * as curves from './src/curves.js';",
      resolveDir: pluginData.folder,
    }));
  },
};

const ENTRIES = { "worker": "enclave/main.ts", "worker-production": "enclave/production.ts" };

const options = (root, entry) => ({
  absWorkingDir: root,
  entryPoints: [entry],
  bundle: true,
  write: false,
  metafile: true,
  format: "esm",
  platform: "node",
  target: "node20",
  charset: "utf8",
  legalComments: "none",
  sourcemap: false,
  // Comments name the files of the machine that built; names stay, so that the bundle can be read.
  minifyWhitespace: true,
  // The same tree through a symbolic link is the same tree.
  preserveSymlinks: true,
  logLevel: "error",
  banner: { js: 'import{createRequire as __createRequire}from"node:module";const require=__createRequire(import.meta.url);' },
  plugins: [narrowed],
});

const packageOf = (file) => /(?:^|\/)node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*\/node_modules\/)/.exec(file)?.[1];

/** Packages in the bundle with version and licence, sorted. */
function packagesIn(root, files) {
  const folders = new Set(files.filter((f) => packageOf(f) !== undefined).map((f) => f.slice(0, f.lastIndexOf(`/${packageOf(f)}/`) + packageOf(f).length + 1)));
  return [...folders].sort().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"));
    return { name, version, license };
  });
}

/** Lines of code, blank lines and comments apart, of whole files of which something is in the bundle. */
const linesIn = (root, files) =>
  files.flatMap((file) => readFileSync(join(root, file), "utf8").split("\n")).filter((line) => !/^\s*(\/\/|\/?\*|$)/.test(line)).length;

const isGenerated = (file) => file.startsWith("src/protocol/wire/");

/** Builds in memory. @returns { code, measurement, packages, files, lines, generatedLines } */
export async function bundleEnclave(root = ROOT, entry = ENTRIES.worker) {
  const { outputFiles, metafile } = await build(options(root, entry));
  const code = outputFiles[0].contents;
  const [{ inputs }] = Object.values(metafile.outputs);
  // Inputs of which no byte is left (types only, tree-shaken) are not in the measured set.
  const files = Object.entries(inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0).map(([file]) => file.replace(/^narrowed:/, ""));
  const own = files.filter((f) => f.endsWith(".ts") && packageOf(f) === undefined);
  return {
    code,
    measurement: createHash("sha384").update(code).digest("hex"),
    packages: packagesIn(root, files.filter((f) => packageOf(f) !== undefined)),
    files: own.length,
    lines: linesIn(root, own.filter((f) => !isGenerated(f))),
    generatedLines: linesIn(root, own.filter(isGenerated)),
  };
}

async function write(name, entry, quiet) {
  const { code, ...facts } = await bundleEnclave(ROOT, entry);
  const folder = join(ROOT, "dist", "enclave");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${name}.mjs`), code);
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(facts, null, 2)}\n`);
  if (quiet) return;
  console.log(`${name}.mjs`);
  console.log(`measurement  ${facts.measurement}`);
  console.log(`size         ${code.length} bytes, ${facts.lines} lines of code of our own in ${facts.files} files, ${facts.generatedLines} generated`);
  for (const { name, version, license } of facts.packages) console.log(`package      ${name} ${version} (${license})`);
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  for (const [name, entry] of Object.entries(ENTRIES)) await write(name, entry, process.argv.includes("--quiet"));
}
