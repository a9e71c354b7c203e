import { ensure } from "../protocol/errors.js";

/** `production` refuses to start anything that simulates or trusts simulation. Read once, from the environment of the operator. */
export const PROFILE = process.env["VERITEE_PROFILE"] ?? "development";

/** @throws config_invalid in the production profile, and for a profile that does not exist */
export function ensureMaySimulate(what: string): void {
  ensureProfile();
  ensure(PROFILE !== "production", "config_invalid", `the production profile refuses ${what}`, { VERITEE_PROFILE: PROFILE });
}

/** A misspelt profile must not silently be the lenient one. */
export function ensureProfile(): void {
  ensure(PROFILE === "development" || PROFILE === "production", "config_invalid", "unknown profile", { VERITEE_PROFILE: PROFILE, known: "development, production" });
}
