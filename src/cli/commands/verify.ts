import { Command, Option } from "commander";
import { isDisclosure } from "../../protocol/disclosure-file.js";
import { ensure } from "../../protocol/errors.js";
import { explainDisclosure } from "../../verifier/explain-disclosure.js";
import { explain } from "../../verifier/explain.js";
import { parseCount } from "../options.js";
import { createOutput, EXIT } from "../output.js";
import { openParameters, withParameters, type ParametersOption } from "../parameters.js";
import { ensureMaySimulate, PROFILE } from "../profile.js";
import { readDeployment } from "../roles/ledger.js";
import { readForVerification, verifyDisclosureFile, verifyFile } from "../roles/verifier.js";

interface Options extends ParametersOption { rpc?: string; deployment?: string; production?: boolean; allowDevelopment?: boolean; requireProved?: boolean; confirmations?: number; recall?: string[]; recipient?: string; receipt?: string; json?: boolean }

export const verifyCommand = (): Command =>
  withParameters(new Command("verify"))
    .description("Check a receipt or a disclosure: offline, or against a ledger node as well. Trusts nobody.")
    .argument("<file>", "receipt or disclosure file (JSON)")
    .option("--rpc <url>", "JSON-RPC of a node of the receipt's chain: also checks what the ledger recorded")
    .option("--deployment <file>", "the deployment that you know: a receipt of any other ledger is refused")
    .option("--confirmations <n>", "with --rpc: blocks that must be above the receipt's; until then a reorganisation may take it back", parseCount)
    .option("--allow-development", "let proofs under DEVELOPMENT parameters count, which anyone can forge; refused when VERITEE_PROFILE=production")
    .addOption(new Option("--production", "refuse simulated evidence too; the default when VERITEE_PROFILE=production").conflicts("allowDevelopment"))
    .option("--require-proved", "refuse a result whose dataset is not proved")
    .option("--recall <files...>", "recall lists (`veritee recall`): a receipt that rests on what they name fails the check `recalled`")
    .option("--recipient <name>", "for a disclosure: the name that you go by; one made out to anybody else is refused")
    .option("--receipt <file>", "for a disclosure: the receipt that it is about")
    .option("--json", "print {ok, simulated, developmentParameters, facts, checks: [{name, ok, detail}]}")
    .addHelpText("after", "\nExit code 0 when every check passed, 1 otherwise.\n\nExamples:\n  veritee verify receipt.json --rpc http://127.0.0.1:8545 --parameters parameters.json\n  veritee verify receipt.json --allow-development\n  veritee verify disclosure.json --recipient \"Bank of Examples\" --receipt receipt.json")
    .action(async (file: string, options: Options) => {
      const out = createOutput(options.json ?? false);
      ensure(options.confirmations === undefined || options.rpc !== undefined, "input_invalid", "only a node knows how many blocks are above a receipt's: give --rpc", { field: "--confirmations" });
      if (options.allowDevelopment === true) ensureMaySimulate("development parameters");
      const deployment = options.deployment === undefined ? undefined : await readDeployment(options.deployment);
      const request = {
        file, rpcUrl: options.rpc, deployment, production: options.production ?? PROFILE === "production", recalls: options.recall, requireProved: options.requireProved, confirmations: options.confirmations,
        allowDevelopment: options.allowDevelopment, parameters: await openParameters(options),
      };
      if (isDisclosure(await readForVerification(file))) {
        const { recipient, receipt } = options;
        ensure(recipient !== undefined, "input_invalid", "a disclosure is made out to somebody: give the name that you go by", { field: "--recipient" });
        finish(await verifyDisclosureFile({ ...request, recipient, receipt }), explainDisclosure);
      } else {
        finish(await verifyFile(request), explain);
      }

      function finish<T extends { readonly ok: boolean }>(report: T, words: (report: T) => readonly string[]): void {
        out.result(report, () => words(report));
        process.exitCode = report.ok ? EXIT.ok : EXIT.negative;
      }
    });
