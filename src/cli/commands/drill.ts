import { Command, Option } from "commander";
import { appraise } from "../../attestation/appraise.js";
import { SIMULATION_ANCHORS } from "../../attestation/roots.js";
import { VeriteeError } from "../../protocol/errors.js";
import type { Measurement } from "../../protocol/ids.js";
import { BAD_EVIDENCE, type BadEvidence } from "../../simulator/bad-evidence.js";
import { SIMULATED_PLATFORMS, SimulatedTee, type SimulatedPlatformName } from "../../simulator/simulated-tee.js";
import { createOutput, EXIT } from "../output.js";
import { clock, random } from "../roles/system.js";

interface Outcome { readonly platform: string; readonly name: string; readonly expected: string; readonly found: string; readonly ok: boolean }

const MEASUREMENT = "d1".repeat(48) as Measurement;

/** Mints one kind of evidence and puts it through the production path. "accepted" where nothing refused it. */
async function present(platform: SimulatedPlatformName, bad: BadEvidence | undefined): Promise<string> {
  const now = clock();
  const reportData = random(64);
  const evidence = SimulatedTee.fromSeed(undefined, { platform }).quote(MEASUREMENT, reportData, now, bad?.options ?? {});
  try {
    await appraise({ evidence, anchors: SIMULATION_ANCHORS, policy: "authenticity", expectedReportData: reportData, atUnixSeconds: now });
    return "accepted";
  } catch (error) {
    if (error instanceof VeriteeError) return error.code;
    throw error;
  }
}

const judged = (platform: string, name: string, expected: string, found: string): Outcome => ({ platform, name, expected, found, ok: found === expected });

export const drillCommand = (): Command =>
  new Command("drill")
    .description("Show that this build refuses every kind of bad evidence that the simulator can mint, each for its own reason.")
    .addOption(new Option("--platform <name>", "one platform alone").choices([...SIMULATED_PLATFORMS]))
    .option("--json", "print an array of {platform, name, expected, found, ok}")
    .addHelpText("after", "\nExit code 0 when good evidence is accepted and every bad one refused as expected, 1 otherwise.\n\nExample:\n  veritee drill --platform tdx")
    .action(async (o: { platform?: SimulatedPlatformName; json?: boolean }) => {
      const platforms = o.platform === undefined ? SIMULATED_PLATFORMS : [o.platform];
      const outcomes: Outcome[] = [];
      for (const platform of platforms) {
        outcomes.push(judged(platform, "good", "accepted", await present(platform, undefined)));
        for (const bad of BAD_EVIDENCE.filter((b) => b.platform === platform)) {
          outcomes.push(judged(platform, bad.name, bad.code, await present(platform, bad)));
        }
      }
      const wrong = outcomes.filter(({ ok }) => !ok).length;
      createOutput(o.json ?? false).result(outcomes, () => [
        ...outcomes.map((x) => `${x.ok ? "ok   " : "WRONG"} ${x.platform.padEnd(6)} ${x.name.padEnd(34)} ${x.found}${x.ok ? "" : `, expected ${x.expected}`}`),
        wrong === 0 ? `${outcomes.length} kinds of evidence, each judged as it must be` : `${wrong} of ${outcomes.length} judged wrongly`,
      ]);
      process.exitCode = wrong === 0 ? EXIT.ok : EXIT.negative;
    });
