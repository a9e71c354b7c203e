import { ensure, VeriteeError } from "../../src/protocol/errors.js";
import type { Collector } from "./collector.js";

/** In the order in which `auto` looks: the narrower environment first, as a VM's devices may show through it. */
export const HARDWARE_PLATFORMS = ["gramine", "nitro", "dstack", "confidential-space", "configfs-tsm", "azure-vtpm"] as const;
export type HardwarePlatform = (typeof HARDWARE_PLATFORMS)[number];
export const PLATFORM_CHOICES = ["auto", "simulated", ...HARDWARE_PLATFORMS] as const;
export type PlatformChoice = (typeof PLATFORM_CHOICES)[number];

export interface Platform {
  /** Whether the interface is there; says nothing about what is behind it. */
  present(): Promise<boolean>;
  collector(): Collector;
}
export type Platforms = Readonly<Record<HardwarePlatform, Platform>>;

export interface Chosen {
  readonly collector: Collector;
  readonly platform: Exclude<PlatformChoice, "auto">;
  /** Every interface that is there, when all were looked at. */
  readonly found: readonly HardwarePlatform[];
}

/**
 * The one place where a worker's source of evidence is decided. Simulation is taken only when it is asked for by name, and
 * never where `simulation` is absent: in a production bundle its code is not there.
 * @throws unsupported when no platform, or not the named one, is here; config_invalid for simulation in production
 */
export async function choosePlatform(choice: PlatformChoice, platforms: Platforms, simulation: Collector | undefined): Promise<Chosen> {
  if (choice === "simulated") {
    if (simulation === undefined) throw new VeriteeError("config_invalid", "a production worker takes no simulated evidence", { field: "platform" });
    return { collector: simulation, platform: choice, found: [] };
  }
  const wanted = choice === "auto" ? HARDWARE_PLATFORMS : [choice];
  const found: HardwarePlatform[] = [];
  for (const name of wanted) if (await platforms[name].present()) found.push(name);
  const [platform] = found;
  ensure(platform !== undefined, "unsupported", "no trusted hardware is reachable from here", { looked: wanted.join(", ") });
  return { collector: platforms[platform].collector(), platform, found };
}
