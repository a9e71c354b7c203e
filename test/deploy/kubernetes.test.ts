import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readConfig } from "../../src/coordinator/config.js";
import { faults } from "./harness/command-line.js";
import { kubernetesFiles, kustomization, lastStep, manifest, manifests, root, text } from "./harness/files.js";

// Promise: the manifests describe coordinators that start, roll without a gap, and may do nothing beside their work.

interface Container {
  readonly args: readonly string[]; readonly image: string;
  readonly env: readonly { readonly name: string; readonly valueFrom?: { readonly secretKeyRef: { readonly name: string; readonly key: string } } }[];
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string; readonly readOnly?: boolean }[];
  readonly startupProbe: Probe; readonly livenessProbe: Probe; readonly readinessProbe: Probe;
  readonly securityContext: object; readonly resources: { readonly limits: { readonly memory: string } };
}
interface Probe { readonly httpGet: { readonly path: string; readonly port: string } }
interface Volume {
  readonly name: string; readonly configMap?: { readonly name: string };
  readonly secret?: { readonly secretName: string; readonly items: readonly { readonly key: string }[] };
}
interface Deployment {
  readonly spec: {
    readonly replicas: number; readonly selector: { readonly matchLabels: Record<string, string> };
    readonly template: {
      readonly metadata: { readonly labels: Record<string, string>; readonly annotations: Record<string, string> };
      readonly spec: { readonly containers: readonly [Container]; readonly volumes: readonly Volume[]; readonly terminationGracePeriodSeconds: number; readonly securityContext: object; readonly automountServiceAccountToken: boolean };
    };
  };
}
const { spec } = manifest<Deployment>("Deployment", "coordinator");
const pod = spec.template.spec;
const [container] = pod.containers;
const value = (option: string): string => container.args.find((w) => w.startsWith(`${option}=`))?.slice(option.length + 1) ?? "";
const readme = text("deploy/README.md");

describe("the coordinator's deployment", () => {
  it("starts, with its image's own words, a command that the program knows", () => {
    const image = (JSON.parse(lastStep("coordinator", "ENTRYPOINT") ?? "[]") as string[]).slice(2);
    expect(faults([...image, ...container.args])).toEqual([]);
    expect(container.args.join(" ")).not.toMatch(/simulation|allow-development/);
  });

  it("names files that a mount has, and variables that it sets", () => {
    for (const option of ["--deployment", "--key", "--parameters", "--settings", "--collateral"]) {
      expect(container.volumeMounts.some(({ mountPath }) => value(option).startsWith(`${mountPath}/`)), `${option}=${value(option)}`).toBe(true);
    }
    for (const [, variable] of container.args.join(" ").matchAll(/\$\(([A-Z_]+)\)/g)) expect(container.env.map((e) => e.name)).toContain(variable);
  });

  it("mounts volumes that there are, and writes to none but its own", () => {
    const volumes = new Map(pod.volumes.map((v) => [v.name, v]));
    expect(container.volumeMounts.map((m) => m.name).sort()).toEqual([...volumes.keys()].sort());
    for (const { name, readOnly } of container.volumeMounts) expect(readOnly ?? false, name).toBe(!["state", "tmp"].includes(name));
  });

  it("takes secrets and maps that the page says how to make", () => {
    const keys = [...container.env.flatMap((e) => e.valueFrom?.secretKeyRef.key ?? []), ...pod.volumes.flatMap((v) => v.secret?.items.map((i) => i.key) ?? [])];
    expect(keys.sort()).toEqual(["registrar.key", "rpc", "s3.json", "store"]);
    for (const key of keys) expect(readme).toContain(`--from-file=${key}`);
    const made = new Set(kustomization.configMapGenerator.map((m) => m.name));
    for (const map of pod.volumes.flatMap((v) => v.configMap?.name ?? [])) expect(made.has(map) || readme.includes(`create configmap ${map} `), map).toBe(true);
  });

  it("is probed where it answers, and rolled without a gap", () => {
    const ports = new Map(container.ports.map((p) => [p.name, p.containerPort]));
    expect([container.startupProbe, container.livenessProbe, container.readinessProbe].map((p) => [p.httpGet.path, ports.get(p.httpGet.port)]))
      .toEqual([["/healthz", 9090], ["/healthz", 9090], ["/readyz", 9090]]);
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(10);
    const { spec: budget } = manifest<{ spec: { minAvailable: number } }>("PodDisruptionBudget", "coordinator");
    expect(spec.replicas).toBeGreaterThan(budget.minAvailable);
    expect(spec.template.metadata.annotations["prometheus.io/port"]).toBe("9090");
  });

  it("meets the restricted standard that its namespace enforces", () => {
    expect(pod).toMatchObject({ automountServiceAccountToken: false, securityContext: { runAsNonRoot: true, runAsUser: 10001, seccompProfile: { type: "RuntimeDefault" } } });
    expect(container.securityContext).toEqual({ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } });
    expect(container.resources.limits.memory).toBeDefined();
  });
});

describe("what belongs together", () => {
  it("has the same labels", () => {
    const labels = spec.template.metadata.labels;
    const select = [spec.selector.matchLabels, manifest<{ spec: { selector: Record<string, string> } }>("Service", "coordinator").spec.selector,
      manifest<{ spec: { selector: { matchLabels: Record<string, string> } } }>("PodDisruptionBudget", "coordinator").spec.selector.matchLabels,
      manifest<{ spec: { podSelector: { matchLabels: Record<string, string> } } }>("NetworkPolicy", "coordinator").spec.podSelector.matchLabels];
    for (const selector of select) expect(labels).toMatchObject(selector);
  });

  it("is in the list that is applied", () => {
    expect([...kustomization.resources].sort()).toEqual([...kubernetesFiles].sort());
    expect(kustomization.configMapGenerator[0]?.files).toEqual(["settings.json"]);
  });

  it("lets nothing in or out by default, and callers to no port but the service's", () => {
    expect(manifest<{ spec: object }>("NetworkPolicy", "deny").spec).toEqual({ podSelector: {}, policyTypes: ["Ingress", "Egress"] });
    const { ingress } = manifest<{ spec: { ingress: { from: { namespaceSelector: { matchLabels: Record<string, string> } }[]; ports: { port: string }[] }[] } }>("NetworkPolicy", "coordinator").spec;
    expect(ingress.map((rule) => [Object.values(rule.from[0]?.namespaceSelector.matchLabels ?? {})[0], rule.ports.map((p) => p.port)])).toEqual([["ingress", ["http"]], ["monitoring", ["admin"]]]);
    expect(manifests.filter((m) => m.kind === "Service")).toHaveLength(1);
  });

  it("has settings that a coordinator takes, with blobs where every replica finds them", () => {
    const settings = readConfig({ ...JSON.parse(text("deploy/kubernetes/settings.json")) as object, stateDir: "/var/lib/veritee" });
    expect(settings.blobs.kind).toBe("s3");
    expect(settings.blobs.kind === "s3" && settings.blobs.credentialsFile).toBe("/run/secrets/veritee/s3.json");
    expect(settings.developmentParameters).toBe(false);
  });
});

const kubectl = spawnSync("kubectl", ["kustomize", join(root, "deploy/kubernetes")], { encoding: "utf8" });
describe.skipIf(kubectl.error !== undefined)("kustomize (left out where kubectl is not installed)", () => {
  it("puts everything together", () => {
    expect(kubectl.stderr).toBe("");
    expect(kubectl.stdout).toMatch(/name: coordinator-[a-z0-9]{10}/);
    expect(kubectl.stdout.match(/^kind: /gm)).toHaveLength(manifests.length + 1);
  });
});
