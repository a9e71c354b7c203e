// The one entry behind `npm run demo`, `npm test` and `npm run veritee`: brings the checkout into a state in which the
// command can run (dependencies, build, enclave bundle, development parameters), saying what it does, then runs it.
// Plain JavaScript without dependencies, because nothing is installed yet when it starts.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [task, ...args] = process.argv.slice(2);
const callerDir = process.env.INIT_CWD ?? process.cwd();

const say = (text) => process.stderr.write(`${text}\n`);

function run(command, argv, options = {}) {
  const { status, signal, error } = spawnSync(command, argv, { cwd: root, stdio: "inherit", ...options });
  if (error) say(`${command}: ${error.message}`);
  if (status !== 0 || signal) process.exit(status || 1);
}
const node = (script, argv, options) => run(process.execPath, [join(root, script), ...argv], options);

function checkNode() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  say(`Veritee needs Node >= 20.19; this is ${process.versions.node}`);
  process.exit(3);
}

/** Installs exactly the lock file, once for each content of it. */
function install() {
  const stamp = join(root, "node_modules", ".veritee-lock");
  const want = createHash("sha256").update(readFileSync(join(root, "package-lock.json"))).digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === want) return;
  say("installing the dependencies of package-lock.json (once, about half a minute)");
  run("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], { stdio: ["ignore", 2, 2], shell: process.platform === "win32" });
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, want);
}

checkNode();
install();
node("scripts/build.mjs", ["--quiet"]);

if (task === "test") {
  node("bin/veritee.mjs", ["setup"]);
  run(process.execPath, [join(root, "node_modules/vitest/vitest.mjs"), "run", ...args]);
} else if (task === "fuzz") {
  // The full runs: a million mutations of evidence, and for each decoder. `npm test` runs a part of them.
  const env = { ...process.env, VERITEE_EVIDENCE_RUNS: process.env.VERITEE_EVIDENCE_RUNS ?? "1000000", VERITEE_FUZZ_RUNS: process.env.VERITEE_FUZZ_RUNS ?? "1000000" };
  run(process.execPath, [join(root, "node_modules/vitest/vitest.mjs"), "run", "test/fuzz", ...args], { env });
} else if (task === "soundness") {
  // The full runs of what `npm test` does in part: verdicts, every mutant of the circuits' templates.
  const env = { ...process.env, VERITEE_VERDICT_RUNS: process.env.VERITEE_VERDICT_RUNS ?? "1000", VERITEE_MUTANTS: "all" };
  run(process.execPath, [join(root, "node_modules/vitest/vitest.mjs"), "run", ...(args.length > 0 ? args : ["test/soundness", "test/circuits"])], { env });
} else if (task === "adversary") {
  // The full play; `npm test` tries 300 of its lies.
  node("bin/veritee.mjs", ["setup"]);
  const env = { ...process.env, VERITEE_ADVERSARY_ATTEMPTS: process.env.VERITEE_ADVERSARY_ATTEMPTS ?? "10000" };
  run(process.execPath, [join(root, "node_modules/vitest/vitest.mjs"), "run", "test/adversary", "--disable-console-intercept", ...args], { env });
} else if (task === "faults") {
  // As often as docs/promises.md says; `npm test` plays a tenth.
  node("bin/veritee.mjs", ["setup"]);
  const env = { ...process.env, VERITEE_FAULTS: "full" };
  run(process.execPath, [join(root, "node_modules/vitest/vitest.mjs"), "run", ...(args.length > 0 ? args : ["test/faults"])], { env });
} else if (task === "load") {
  // `npm test` plays a fiftieth. Options: --jobs, --coordinators, --workers, --kills, --seed, --real N (docs/load-test.md).
  node("bin/veritee.mjs", ["setup"]);
  const env = { ...process.env, VERITEE_LOAD: "full" };
  while (/^--(jobs|coordinators|workers|kills|seed|real)$/.test(args[0] ?? "") && args.length > 1) {
    const [name, value] = args.splice(0, 2);
    env[name === "--seed" ? "VERITEE_SEED" : `VERITEE_LOAD_${name.slice(2).toUpperCase()}`] = value;
  }
  run(process.execPath, [join(root, "node_modules/vitest/vitest.mjs"), "run", "test/load", "--disable-console-intercept", ...args], { env });
} else if (task === "bench") {
  node("dist/bench/main.js", args);
} else {
  node("bin/veritee.mjs", task === "cli" ? args : [task, ...args], { cwd: callerDir });
}
