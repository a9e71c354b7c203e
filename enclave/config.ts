import { ensure } from "../src/protocol/errors.js";
import type { HpkeSuite } from "../src/protocol/objects/index.js";
import { PLATFORM_CHOICES, type PlatformChoice } from "./platforms/choose.js";

/**
 * What the host tells a worker. None of it is trusted: a wrong address or folder stops work, it cannot change a result.
 * In simulation it comes over the process channel; on hardware from a file that the host supplies.
 */
export interface WorkerConfig {
  /** Base URL of a coordinator. */
  readonly coordinator: string;
  /** Folder of witness programs and proving keys; each is checked against a hash inside the measured bundle. */
  readonly artefacts: string;
  /** KEM of the one-job keys: 2 (X-Wing, the default) or 1 (X25519). */
  readonly hpkeSuite: HpkeSuite;
  /** Where evidence comes from. `auto`, the default, looks for hardware and never ends in simulation. */
  readonly platform: PlatformChoice;
  /** SNP's VMPL, 0 to 3, for guests above an SVSM; the kernel's default when absent. */
  readonly privilegeLevel: number | undefined;
  /** Nitro only: the program of the image that asks the security module. */
  readonly nsmHelper: string;
}

/** @throws config_invalid naming the field */
export function readConfig(value: unknown): WorkerConfig {
  ensure(typeof value === "object" && value !== null, "config_invalid", "the configuration is not an object");
  const { coordinator, artefacts, hpkeSuite = 2, platform: named = "auto", privilegeLevel, nsmHelper = "/opt/veritee/nsm-request" } =
    value as Readonly<Record<string, unknown>>;
  ensure(typeof coordinator === "string" && /^https?:\/\//.test(coordinator), "config_invalid", "not a URL", { field: "coordinator" });
  ensure(typeof artefacts === "string" && artefacts.length > 0, "config_invalid", "not a folder", { field: "artefacts" });
  ensure(hpkeSuite === 1 || hpkeSuite === 2, "config_invalid", "unknown HPKE suite", { field: "hpkeSuite" });
  const platform = PLATFORM_CHOICES.find((name) => name === named);
  ensure(platform !== undefined, "config_invalid", "unknown platform", { field: "platform", known: PLATFORM_CHOICES.join(", ") });
  ensure(privilegeLevel === undefined || isLevel(privilegeLevel), "config_invalid", "not a privilege level", { field: "privilegeLevel" });
  ensure(typeof nsmHelper === "string" && nsmHelper.startsWith("/"), "config_invalid", "not an absolute path", { field: "nsmHelper" });
  return { coordinator, artefacts, hpkeSuite, platform, privilegeLevel, nsmHelper };
}

const isLevel = (value: unknown): value is number => value === 0 || value === 1 || value === 2 || value === 3;
