// Adds to package-lock.json the optional platform packages that the registry in use does not carry, so that `npm ci`
// works on every platform from the same lock. Run after each `npm install`. A stub has no integrity hash; it matters
// only on its own platform.
import { readFileSync, writeFileSync } from "node:fs";

const CPUS = { amd64: "x64", x64: "x64", arm64: "arm64" };
const lock = JSON.parse(readFileSync("package-lock.json", "utf8"));
const { packages } = lock;

const resolved = (from, name) => {
  for (let base = from; ; base = base.slice(0, Math.max(0, base.lastIndexOf("/node_modules/")))) {
    if (packages[`${base}${base ? "/" : ""}node_modules/${name}`]) return true;
    if (!base) return false;
  }
};

let added = 0;
for (const [path, entry] of Object.entries({ ...packages })) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    if (resolved(path, name)) continue;
    const words = name.split(/[/-]/);
    const os = words.find((w) => ["linux", "darwin", "win32"].includes(w));
    const cpu = words.map((w) => CPUS[w]).find(Boolean);
    if (!os || !cpu) continue;
    packages[`node_modules/${name}`] = { version, cpu: [cpu], os: [os], optional: true, ...(entry.dev ? { dev: true } : {}) };
    added++;
  }
}
lock.packages = Object.fromEntries(Object.entries(packages).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync("package-lock.json", `${JSON.stringify(lock, null, 2)}\n`);
console.log(`${added} stubs added`);
