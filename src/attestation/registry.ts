import { simAppraiser } from "./platforms/sim.js";
import { TEE_PLATFORMS, type Appraiser, type TeePlatform } from "./verdict.js";

/** One entry a platform; a new one is a folder and a line here. */
export const APPRAISERS: Readonly<Partial<Record<TeePlatform, Appraiser>>> = { sim: simAppraiser };

export const isTeePlatform = (name: string): name is TeePlatform => (TEE_PLATFORMS as readonly string[]).includes(name);
