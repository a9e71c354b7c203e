import { Command } from "commander";
import { SIMULATION_ANCHORS, VENDOR_ANCHORS } from "../../attestation/roots.js";
import type { TrustAnchors } from "../../attestation/verdict.js";
import { openPartyHome, withCoordinator, withKeystore, type RemoteOptions } from "../home-options.js";
import { ensureMaySimulate } from "../profile.js";
import { collateralFor, DEFAULT_CACHE } from "../roles/collateral.js";
import { brokerSpans } from "../tracing/broker-spans.js";
import { openSpans } from "../tracing/open.js";
import { brokerForData } from "../roles/enterprise.js";
import { readParty } from "../roles/home.js";
import { brokerForModels } from "../roles/platform.js";
import { addKeystoreCommand } from "./broker-keystore.js";
import { addLogCommands } from "./broker-log.js";
import { readPolicy } from "./appraise.js";
import { untilInterrupted } from "../until-interrupted.js";

const anchorsOf = (simulation: boolean | undefined): TrustAnchors => (simulation === true ? SIMULATION_ANCHORS : VENDOR_ANCHORS);

export function brokerCommand(): Command {
  const command = new Command("broker").description("A party's key broker: gives keys to attested enclaves only, and logs every decision first.");
  withKeystore(withCoordinator(command.command("run").description("Answer key requests until interrupted. Opens no port.")))
    .option("--simulation", "accept the public simulator's root, for grants and jobs that name the anchor `sim`")
    .option("--policy <file>", "appraisal policy beside every grant (docs/appraisal-policy.md); default: no Milan, current TCB, VMPL 0")
    .option("--collateral <dir>", "cache of vendors' collateral, for evidence that comes without it", DEFAULT_CACHE)
    .option("--offline", "never ask the vendors' services: cache and imported bundles only")
    .addHelpText("after", "\nOne JSON line a decision on standard output.\n\nExample:\n  veritee broker run --home ./acme --coordinator http://127.0.0.1:8080 --simulation")
    .action(async (o: RemoteOptions & { simulation?: boolean; policy?: string; collateral: string; offline?: boolean }) => {
      if (o.simulation === true) ensureMaySimulate("the simulator's root");
      const policy = await readPolicy(o.policy);
      const anchors = anchorsOf(o.simulation);
      const completeEvidence = collateralFor(anchors, o.collateral, o.offline ?? false);
      const trust = { anchors, appraisalPolicy: policy === "authenticity" ? undefined : policy, completeEvidence };
      const { role } = await readParty(o.home);
      const home = await openPartyHome(o, role);
      const abort = new AbortController();
      const run = role === "enterprise" ? brokerForData : brokerForModels;
      const spans = await openSpans("broker");
      const trace = brokerSpans(spans, Date.now);
      const ended = run(home, o.coordinator, trust, abort.signal, (event) => {
        process.stdout.write(`${JSON.stringify(event)}\n`);
        trace(event);
      });
      await untilInterrupted(ended, async () => {
        abort.abort();
        await ended;
        await spans.close();
      });
    });
  addLogCommands(command);
  addKeystoreCommand(command);
  return command;
}
