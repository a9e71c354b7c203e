import { ensure } from "../src/protocol/errors.js";
import type { HpkeSuite } from "../src/protocol/objects/index.js";

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
}

/** @throws config_invalid naming the field */
export function readConfig(value: unknown): WorkerConfig {
  ensure(typeof value === "object" && value !== null, "config_invalid", "the configuration is not an object");
  const { coordinator, artefacts, hpkeSuite = 2 } = value as Readonly<Record<string, unknown>>;
  ensure(typeof coordinator === "string" && /^https?:\/\//.test(coordinator), "config_invalid", "not a URL", { field: "coordinator" });
  ensure(typeof artefacts === "string" && artefacts.length > 0, "config_invalid", "not a folder", { field: "artefacts" });
  ensure(hpkeSuite === 1 || hpkeSuite === 2, "config_invalid", "unknown HPKE suite", { field: "hpkeSuite" });
  return { coordinator, artefacts, hpkeSuite };
}
