import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { faults } from "./harness/command-line.js";
import { imageEnvironment, lastStep, root, stages, stepsOf, text } from "./harness/files.js";

// Promise: what operators are given to deploy is what the program understands, with no more rights than it needs.

const ROLES = ["coordinator", "broker", "tools", "development"];
const ENTRY = ["node", "bin/veritee.mjs"];

describe("the check of command lines", () => {
  it("finds what the program would refuse", () => {
    expect(faults(["coordinator", "--port=8080", "--simulation"])).toEqual([]);
    expect(faults(["coordinator", "--prot=8080"])).toHaveLength(1);
    expect(faults(["coordinator", "--port=eighty"])).toHaveLength(1);
    expect(faults(["coordinator", "--simulation=yes"])).toHaveLength(1);
    expect(faults(["worker"])).toEqual(["--coordinator is missing"]);
    expect(faults(["broker", "run", "--coordinator"])).toHaveLength(1);
    expect(faults(["ledger", "dev", "--host=10.0.0.1"])).toHaveLength(1);
    expect(faults(["conductor"])).toEqual(["no command conductor"]);
  });
});

describe.each(ROLES)("image %s", (role) => {
  it("runs as nobody in particular", () => {
    expect(lastStep(role, "USER")).toBe("10001:10001");
    // The last user counts, and nothing after it needs more.
    const steps = stepsOf(role);
    expect(steps.slice(steps.findIndex((s) => s.word === "USER")).filter((s) => s.word === "RUN" || s.word === "COPY")).toEqual([]);
  });

  it("starts a command that the program knows", () => {
    const entry = JSON.parse(lastStep(role, "ENTRYPOINT") ?? "[]") as string[];
    expect(entry.slice(0, 2)).toEqual(ENTRY);
    const words = entry.slice(2);
    if (words.length > 0) expect(faults([...words, "--coordinator=http://c"]).filter((f) => !f.includes("--coordinator"))).toEqual([]);
  });
});

describe("every image", () => {
  it("copies only what is in the sources, or what an earlier stage made", () => {
    for (const { steps } of stages().values()) {
      for (const { rest } of steps.filter((s) => s.word === "COPY")) {
        const words = rest.split(/\s+/);
        const from = words[0]?.startsWith("--from=") === true ? words[0].slice("--from=".length) : undefined;
        if (from !== undefined) expect(stages().has(from)).toBe(true);
        else for (const source of words.slice(0, -1)) expect(existsSync(join(root, source)), source).toBe(true);
      }
    }
  });

  it("is built on a base that is named once, or on a stage before it", () => {
    const before = new Set<string>();
    for (const { name, from } of stages().values()) {
      expect(from === "${NODE_IMAGE}" || before.has(from), `${name} from ${from}`).toBe(true);
      before.add(name);
    }
    expect(text("deploy/Containerfile")).toMatch(/^ARG NODE_IMAGE=node:(20|22|24)-/m);
  });

  it("downloads nothing but packages of the lock file", () => {
    const runs = [...stages().values()].flatMap((s) => s.steps.filter((step) => step.word === "RUN").map((step) => step.rest));
    for (const run of runs) expect(run).not.toMatch(/curl|wget|git clone|apt|npx|npm install/);
    expect(runs.filter((r) => r.includes("npm ci"))).toHaveLength(2);
  });

  it("of production refuses simulation, and has neither compiler nor development chain", () => {
    for (const role of ["coordinator", "broker", "tools"]) {
      expect(imageEnvironment(role)["VERITEE_PROFILE"]).toBe("production");
      expect(stepsOf(role).some((s) => s.rest.startsWith("npm ci") && s.rest.includes("--omit=dev --omit=optional"))).toBe(true);
    }
    expect(imageEnvironment("development")["VERITEE_PROFILE"]).toBe("development");
  });

  it("gets no state, no secret and no history from the folder that it is built in", () => {
    const left = text(".dockerignore").split("\n");
    for (const path of [".git", ".veritee", "node_modules", "dist", "**/*.key", "**/.env"]) expect(left).toContain(path);
  });
});
