import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, stat, writeFile, mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readConfig } from "../../../enclave/config.js";
import { stage } from "../../../enclave/image/stage.mjs";
import { bundleEnclave, type EnclaveBundle } from "../../../scripts/enclave-bundle.mjs";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "..");
const IMAGES = join(ROOT, "enclave", "image");
const PINNED = `docker.io/library/node@sha256:${"ab".repeat(32)}`;
const PLATFORMS = ["confidential-vm", "gramine", "nitro", "dstack"] as const;

let folder: string;
let bundle: EnclaveBundle;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vt-image-"));
  bundle = await bundleEnclave(undefined, "enclave/production.ts");
  await mkdir(join(folder, "bundles"));
  await writeFile(join(folder, "bundles", "worker-production.mjs"), bundle.code);
  await writeFile(join(folder, "bundles", "worker-production.json"), JSON.stringify({ measurement: bundle.measurement }));
  await mkdir(join(folder, "artefacts", "circuit"), { recursive: true });
  await writeFile(join(folder, "artefacts", "circuit", "a.zkey"), "key");
});
afterAll(() => rm(folder, { recursive: true, force: true }));

let count = 0;
const staged = (platform: string, more: Partial<Parameters<typeof stage>[0]> = {}): string => {
  const out = join(folder, `out${count++}`);
  stage({ platform, out, coordinator: "https://coordinator.example:8443", artefacts: join(folder, "artefacts"), image: PINNED, bundles: join(folder, "bundles"), ...more });
  return out;
};
const files = async (path: string): Promise<string[]> =>
  (await readdir(path, { recursive: true, withFileTypes: true })).filter((f) => f.isFile()).map((f) => relative(path, join(f.parentPath, f.name))).sort();
const contents = async (path: string): Promise<string> => {
  const hash = createHash("sha256");
  for (const name of await files(path)) hash.update(`${name} ${((await stat(join(path, name))).mode & 0o777).toString(8)} ${(await stat(join(path, name))).mtimeMs}`).update(await readFile(join(path, name)));
  return hash.digest("hex");
};
/** Lines that a builder or a boot runs: comments apart. */
const code = (text: string): string => text.split("\n").filter((line) => !/^\s*(#|\/\*|\*)/.test(line)).join("\n");

describe.each(PLATFORMS)("the image for %s", (platform) => {
  it("is staged with the production bundle, its artefacts and a configuration that the worker takes", async () => {
    const out = staged(platform);
    const names = await files(out);
    const at = (name: string): string => join(out, names.find((n) => n.endsWith(`opt/veritee/${name}`)) ?? `no ${name}`);
    expect(createHash("sha384").update(await readFile(at("worker.mjs"))).digest("hex")).toBe(bundle.measurement);
    expect(await readFile(at("artefacts/circuit/a.zkey"), "utf8")).toBe("key");
    const config = readConfig(JSON.parse(await readFile(at("worker.json"), "utf8")));
    expect(config).toMatchObject({ coordinator: "https://coordinator.example:8443", artefacts: "/opt/veritee/artefacts" });
    expect(["auto", "simulated"]).not.toContain(config.platform);
  });

  it("is the same in every byte, mode and time, wherever it is staged", async () => {
    expect(await contents(staged(platform))).toBe(await contents(staged(platform)));
  });

  it("names the bundle in its manifest, and leaves no mark unfilled", async () => {
    const out = staged(platform);
    const manifests = (await files(out)).filter((name) => !name.includes("opt/veritee/"));
    const texts = await Promise.all(manifests.map((name) => readFile(join(out, name), "utf8")));
    expect(texts.some((text) => code(text).includes("/opt/veritee/worker.mjs"))).toBe(true);
    for (const text of texts) expect(text).not.toMatch(/@[A-Z]+@/);
    expect(texts.join("")).toContain(bundle.measurement);
  });

  it("installs nothing and fetches nothing", async () => {
    for (const name of await files(join(IMAGES, platform))) {
      const text = code(await readFile(join(IMAGES, platform, name), "utf8"));
      expect(text, name).not.toMatch(/\b(apt|apt-get|apk|dnf|yum|npm|npx|pip|curl|wget|git clone|ADD http)\b/);
      if (/^(Dockerfile|Containerfile)$/.test(name)) expect(text, name).not.toMatch(/^RUN\b/m);
    }
  });

  it("holds no plaintext in core files", async () => {
    const texts = await Promise.all((await files(join(IMAGES, platform))).map((name) => readFile(join(IMAGES, platform, name), "utf8")));
    // An SGX enclave's memory is not the host's to dump, as long as it is not a debug enclave.
    expect(texts.join("\n")).toMatch(platform === "gramine" ? /^sgx\.debug = false$/m : /LimitCORE=0|ulimit -c 0|core: 0/);
  });
});

describe("staging refuses", () => {
  it.each([
    ["a platform that is not there", "tpm", {}, /unknown platform/],
    ["an image by tag", "nitro", { image: "node:20" }, /pinned/],
    ["no image where one is named", "dstack", { image: "" }, /pinned/],
    ["a digest that is cut short", "confidential-vm", { image: "node@sha256:abcd" }, /pinned/],
    ["a source of another platform", "nitro", { source: "dstack" }, /--source/],
    ["simulation", "confidential-vm", { source: "simulated" }, /--source/],
    ["a coordinator without a name, on Nitro", "nitro", { coordinator: "https://10.0.0.1" }, /a name/],
    ["what is not a URL", "gramine", { coordinator: "coordinator" }, /URL/],
  ])("%s", (_what, platform, more, message) => {
    expect(() => staged(platform, more)).toThrow(message);
  });

  it("a folder that is there", () => {
    const out = staged("gramine");
    expect(() => staged("gramine", { out })).toThrow(/exists/);
  });

  it("a bundle that is not the one described", async () => {
    const bundles = join(folder, "swapped");
    await mkdir(bundles);
    await writeFile(join(bundles, "worker-production.mjs"), Buffer.concat([bundle.code, Buffer.from(" ")]));
    await writeFile(join(bundles, "worker-production.json"), JSON.stringify({ measurement: bundle.measurement }));
    expect(() => staged("gramine", { bundles })).toThrow(/build it again/);
  });
});

describe("manifests pin what their measurement rests on", () => {
  const text = (name: string): Promise<string> => readFile(join(IMAGES, name), "utf8");

  it("base images, by digest only", async () => {
    for (const name of ["confidential-vm/Containerfile", "nitro/Dockerfile"]) {
      expect((await text(name)).match(/^FROM .*/gm), name).toEqual(["FROM @IMAGE@"]);
    }
    expect((await text("dstack/docker-compose.yaml")).match(/image: .*/g)).toEqual(['image: "@IMAGE@"']);
  });

  it("the guest's packages, by a day of the archive; its seed and times", async () => {
    const conf = await text("confidential-vm/mkosi.conf");
    expect(conf).toMatch(/^Snapshot=\d{8}T\d{6}Z$/m);
    expect(conf).toMatch(/^Seed=[0-9a-f-]{36}$/m);
    expect(conf).toMatch(/^SourceDateEpoch=0$/m);
    expect(conf).toMatch(/^Format=uki$/m);
  });

  it("the SGX enclave's attestation, arguments, environment and every file", async () => {
    const template = await text("gramine/worker.manifest.template");
    expect(template).toMatch(/^sgx\.remote_attestation = "dcap"$/m);
    expect(template).toMatch(/^loader\.argv = \[.*"\/opt\/veritee\/worker\.mjs", "\/opt\/veritee\/worker\.json"\]$/m);
    expect(template).not.toMatch(/insecure__|passthrough|allowed_files|file_check_policy/);
    const listed = (name: string): string[] => [...(new RegExp(`${name} = \\[([^]*?)\\n\\]`).exec(template)?.[1] ?? "").matchAll(/"file:([^"]+?)\/?"/g)].map((m) => m[1] as string);
    expect(listed("fs\\.mounts").length).toBeGreaterThan(3);
    for (const mounted of listed("fs\\.mounts")) expect(listed("sgx\\.trusted_files")).toContain(mounted);
  });
});

describe("the operator's page", () => {
  it("tells of every image and every platform that a configuration may name", async () => {
    const page = await readFile(join(ROOT, "docs", "operate-worker.md"), "utf8");
    for (const name of [...PLATFORMS, "configfs-tsm", "azure-vtpm", "confidential-space", "worker-production.mjs"]) expect(page).toContain(name);
  });
});
