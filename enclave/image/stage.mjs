// Lays out everything that an image of the worker is made of in one folder, so that building it reads no network and no
// clock: the measured bundle, its configuration, the proving artefacts, and the platform's own files.
//
//   node enclave/image/stage.mjs PLATFORM --out DIR --coordinator URL --artefacts DIR [--image NAME@sha256:DIGEST] [--source NAME]
//
// PLATFORM is confidential-vm, gramine, nitro or dstack. --image is the base image with Node (confidential-vm, nitro) or
// the worker's own image (dstack); one that is not pinned by digest is refused. --source says where a confidential VM's
// evidence comes from: configfs-tsm (unless told otherwise), azure-vtpm, confidential-space or dstack.
import { createHash } from "node:crypto";
import { chmodSync, cpSync, existsSync, lutimesSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";

const HERE = dirname(fileURLToPath(import.meta.url));
const BUNDLES = join(HERE, "..", "..", "dist", "enclave");
/** What each platform's worker may take evidence from, the usual one first, and whether its manifests name an image. */
const PLATFORMS = {
  "confidential-vm": { sources: ["configfs-tsm", "azure-vtpm", "confidential-space", "dstack"], image: true },
  gramine: { sources: ["gramine"], image: false },
  nitro: { sources: ["nitro"], image: true },
  dstack: { sources: ["dstack"], image: true },
};

/** @returns the measurement of the staged bundle @throws Error in one sentence */
export function stage({ platform, out, coordinator, artefacts, image, source, bundles = BUNDLES }) {
  const facts = PLATFORMS[platform];
  if (facts === undefined) throw new Error(`unknown platform ${platform}: ${Object.keys(PLATFORMS).join(", ")}`);
  if (facts.image && !/^[^\s@]+@sha256:[0-9a-f]{64}$/.test(image ?? "")) throw new Error("--image must be pinned: NAME@sha256:DIGEST");
  const platformSource = facts.sources.find((name) => name === (source ?? facts.sources[0]));
  if (platformSource === undefined) throw new Error(`--source of ${platform} is one of ${facts.sources.join(", ")}`);
  if (existsSync(out)) throw new Error(`${out} exists: stage into a new folder`);
  const url = new URL(coordinator);
  // The enclave reaches its coordinator under a name that leads to the relay.
  if (platform === "nitro" && /^[\d.]+$|^\[/.test(url.hostname)) throw new Error("--coordinator must have a name, not an address");
  const { code, measurement } = readBundle(bundles);

  mkdirSync(out, { recursive: true });
  cpSync(join(HERE, platform), out, { recursive: true });
  const root = join(out, platform === "confidential-vm" ? "mkosi.extra/opt/veritee" : "opt/veritee");
  mkdirSync(root, { recursive: true });
  writeFileSync(join(root, "worker.mjs"), code);
  writeFileSync(join(root, "worker.json"), `${JSON.stringify({ coordinator, artefacts: "/opt/veritee/artefacts", platform: platformSource }, null, 2)}\n`);
  cpSync(artefacts, join(root, "artefacts"), { recursive: true });
  if (platform === "nitro") {
    writeFileSync(join(root, "hosts"), `127.0.0.1 localhost ${url.hostname}\n`);
    writeFileSync(join(root, "port"), `${url.port || (url.protocol === "https:" ? 443 : 80)}\n`);
  }
  const marks = { "@IMAGE@": image ?? "", "@MEASUREMENT@": measurement };
  for (const file of walk(out)) settle(file, root, marks);
  return measurement;
}

/** The production bundle, when it is the one that its description was written for. */
function readBundle(folder) {
  const code = readFileSync(join(folder, "worker-production.mjs"));
  const { measurement } = JSON.parse(readFileSync(join(folder, "worker-production.json"), "utf8"));
  const actual = createHash("sha384").update(code).digest("hex");
  if (actual !== measurement) throw new Error(`worker-production.mjs is not what worker-production.json describes: build it again`);
  return { code, measurement };
}

const walk = (folder) =>
  readdirSync(folder).sort().flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? [...walk(path), path] : [path];
  });

/** Fills marks in our manifests; the same modes and times in every checkout. */
function settle(path, root, marks) {
  const folder = statSync(path).isDirectory();
  if (!folder && !path.startsWith(root)) {
    const text = Object.entries(marks).reduce((t, [mark, value]) => t.replaceAll(mark, value), readFileSync(path, "utf8"));
    writeFileSync(path, text);
  }
  chmodSync(path, folder || path.endsWith(".sh") ? 0o755 : 0o644);
  lutimesSync(path, 0, 0);
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const text = { type: "string" };
  const { values, positionals: [platform] } = parseArgs({ allowPositionals: true, options: { out: text, coordinator: text, artefacts: text, image: text, source: text } });
  try {
    for (const name of ["out", "coordinator", "artefacts"]) if (values[name] === undefined) throw new Error(`--${name} is missing`);
    console.log(`staged ${values.out}\nbundle ${stage({ platform, ...values })}`);
  } catch (error) {
    console.error(error.message);
    process.exitCode = 2;
  }
}
