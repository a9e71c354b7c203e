import { Command } from "commander";
import { explain } from "../../verifier/explain.js";
import { createOutput, EXIT } from "../output.js";
import { PROFILE } from "../profile.js";
import { readDeployment } from "../roles/ledger.js";
import { verifyFile } from "../roles/verifier.js";

interface Options { rpc?: string; deployment?: string; production?: boolean; recall?: string[]; json?: boolean }

export const verifyCommand = (): Command =>
  new Command("verify")
    .description("Check a receipt: offline, or against a ledger node as well. Trusts nobody.")
    .argument("<file>", "receipt file (JSON)")
    .option("--rpc <url>", "JSON-RPC of a node of the receipt's chain: also checks what the ledger recorded")
    .option("--deployment <file>", "the deployment that you know: a receipt of any other ledger is refused")
    .option("--production", "refuse simulated evidence and development parameters; the default when VERITEE_PROFILE=production")
    .option("--recall <files...>", "recall lists (`veritee recall`): a receipt that rests on what they name fails the check `recalled`")
    .option("--json", "print {ok, simulated, developmentParameters, facts, checks: [{name, ok, detail}]}")
    .addHelpText("after", "\nExit code 0 when every check passed, 1 otherwise.\n\nExample:\n  veritee verify receipt.json --rpc http://127.0.0.1:8545")
    .action(async (file: string, options: Options) => {
      const out = createOutput(options.json ?? false);
      const deployment = options.deployment === undefined ? undefined : await readDeployment(options.deployment);
      const report = await verifyFile({ file, rpcUrl: options.rpc, deployment, production: options.production ?? PROFILE === "production", recalls: options.recall });
      out.result(report, () => explain(report));
      process.exitCode = report.ok ? EXIT.ok : EXIT.negative;
    });
