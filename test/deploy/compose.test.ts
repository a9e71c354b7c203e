import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readConfig } from "../../src/coordinator/config.js";
import { faults } from "./harness/command-line.js";
import { compose, lastStep, networksOf, root, stages, text, type ComposeService } from "./harness/files.js";

// Promise: the compose file describes a system that starts, in which nobody has more than his role needs.

const services = Object.entries(compose.services);
const ours = services.filter(([, s]) => s.build !== undefined);
const coordinators = services.filter(([name]) => name.startsWith("coordinator-"));
const named = (name: string): ComposeService => compose.services[name] as ComposeService;
const mounts = (s: ComposeService) => (s.volumes ?? []).map((v) => v.split(":") as [string, string, string?]);
const value = (s: ComposeService, option: string): string | undefined => s.command.find((w) => w.startsWith(`${option}=`))?.slice(option.length + 1);

describe.each(ours)("service %s", (_, service) => {
  it("starts a command that the program knows, in a stage that there is", () => {
    expect(faults(service.command)).toEqual([]);
    const { target, dockerfile, context } = service.build as NonNullable<ComposeService["build"]>;
    expect(stages().has(target)).toBe(true);
    expect(existsSync(join(root, dockerfile))).toBe(true);
    expect(join(root, "deploy/compose", context)).toBe(root);
    // The stage ends where a command begins.
    expect(JSON.parse(lastStep(target, "ENTRYPOINT") ?? "[]")).toEqual(["node", "bin/veritee.mjs"]);
  });

  it("has no right and no place to write that it does not need", () => {
    expect(service).toMatchObject({ read_only: true, cap_drop: ["ALL"], security_opt: ["no-new-privileges:true"], ulimits: { core: 0 } });
    for (const [from, to, mode] of mounts(service)) {
      if (from.startsWith("./")) expect(existsSync(join(root, "deploy/compose", from)), from).toBe(true);
      else expect(compose.volumes).toHaveProperty([from]);
      if (to !== "/var/lib/veritee") expect(mode, `${from} is somebody else's`).toBe("ro");
    }
  });

  it("names files that a volume, a secret or its own folder has", () => {
    const places = [...mounts(service).map(([, to]) => to), ...(service.secrets ?? []).map((s) => `/run/secrets/${s}`)];
    for (const option of ["--deployment", "--key", "--settings", "--state", "--home", "--passphrase-file"]) {
      const path = value(service, option);
      if (path !== undefined) expect(places.some((place) => path === place || path.startsWith(`${place}/`)), `${option}=${path}`).toBe(true);
    }
  });

  it("waits for services that are there and tell how they are", () => {
    for (const [other, { condition }] of Object.entries(service.depends_on ?? {})) {
      expect(compose.services).toHaveProperty([other]);
      if (condition === "service_healthy") expect(named(other).healthcheck).toBeDefined();
    }
    for (const network of networksOf(service)) expect(compose.networks).toHaveProperty([network]);
    for (const secret of service.secrets ?? []) expect(compose.secrets).toHaveProperty([secret]);
  });
});

describe("the system", () => {
  it("has two coordinators, alike but in nothing", () => {
    expect(coordinators).toHaveLength(2);
    expect(coordinators[0]?.[1]).toEqual(coordinators[1]?.[1]);
  });

  it("keeps store and ledger from everybody but coordinators", () => {
    expect(compose.networks["backend"]).toEqual({ internal: true });
    expect(services.filter(([, s]) => networksOf(s).includes("backend")).map(([name]) => name).sort()).toEqual(["chain", "coordinator-1", "coordinator-2", "postgres"]);
    const withStore = services.filter(([, s]) => s.environment?.["VERITEE_STORE"] !== undefined).map(([name]) => name);
    expect(withStore).toEqual(["coordinator-1", "coordinator-2"]);
  });

  it("has no password, no key and no passphrase in the file", () => {
    const file = text("deploy/compose/compose.yaml");
    expect(file.match(/\$\{POSTGRES_PASSWORD:\?/g)).toHaveLength(2);
    expect(file).not.toMatch(/[0-9a-f]{32}|PASSPHRASE:|PRIVATE/);
    expect(text("deploy/compose/.gitignore").split("\n")).toEqual(expect.arrayContaining([".env", "secrets/"]));
  });

  it("gives coordinators settings that they take, the name that callers use among them", () => {
    const settings = readConfig({ ...JSON.parse(text("deploy/compose/settings.json")) as object, stateDir: "/var/lib/veritee" });
    const called = new Set(ours.flatMap(([, s]) => value(s, "--coordinator") ?? []).map((url) => new URL(url).host));
    expect([...called]).toEqual(["coordinator:8080"]);
    expect(settings.authorities).toEqual([...called]);
    for (const [, s] of coordinators) expect(s.networks).toHaveProperty(["callers", "aliases"], ["coordinator"]);
  });

  it("asks coordinators how they are where they answer, and lets them drain", () => {
    for (const [, s] of coordinators) {
      expect(s.healthcheck?.test.join(" ")).toContain(`127.0.0.1:${value(s, "--admin-port") ?? ""}/readyz`);
      expect(parseInt(s.stop_grace_period ?? "0", 10)).toBeGreaterThan(10);
    }
  });
});
