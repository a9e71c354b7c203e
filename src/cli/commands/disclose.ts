import { Command, InvalidArgumentError } from "commander";
import { writeFile } from "node:fs/promises";
import { disclosureToJson } from "../../protocol/disclosure-file.js";
import { hexId, type LedgerAddress } from "../../protocol/ids.js";
import { artefactsIn } from "../../prover/artefact-files.js";
import { terminate } from "../../prover/engine.js";
import { snarkjsProver } from "../../prover/groth16.js";
import { prepareArtefacts } from "../artefacts.js";
import { parseExpiry } from "../expiry.js";
import { openPartyHome, withHome, type HomeOptions } from "../home-options.js";
import { readJson } from "../options.js";
import { createOutput } from "../output.js";
import { openParameters, withParameters, type ParametersOption } from "../parameters.js";
import { ARTEFACT_DIR } from "../paths.js";
import { disclose } from "../roles/disclose.js";
import { readParty } from "../roles/home.js";
import { clock } from "../roles/system.js";

interface Options extends HomeOptions, ParametersOption {
  scoreAtLeast?: number; gradeAtLeast?: string; to: string; expires: number; showOwner?: boolean; showModel?: boolean; source?: LedgerAddress;
  out: string; json?: boolean;
}

function parseScore(text: string): number {
  if (!/^-?\d{1,6}$/.test(text)) throw new InvalidArgumentError("give a whole number");
  return Number(text);
}

export const discloseCommand = (): Command =>
  withParameters(withHome(new Command("disclose").description("Prove something of a result to one recipient, without showing the score: platforms score and grade, enterprises their grade.")))
    .argument("<receipt>", "the result's receipt; the result was opened before, with `veritee job open` or `veritee result`")
    .option("--score-at-least <n>", "claim: the score is at least this (platforms)", parseScore)
    .option("--grade-at-least <grade>", "claim: the grade is this or better; a name, or a rank, 1 for the best")
    .requiredOption("--to <recipient>", "who may rely on it: the name that the recipient goes by, compared exactly")
    .requiredOption("--expires <when>", "a day (YYYY-MM-DD, that day included) or a span: 90m, 12h, 30d", (text) => parseExpiry(text, clock()))
    .option("--show-owner", "also show whose dataset it is")
    .option("--show-model", "also show the model's commitment (platforms)")
    .option("--source <account>", "ledger account of the source, to show the owner of endorsed data", (text) => hexId<LedgerAddress>(text.replace(/^0x/, "").toLowerCase(), 20, "source"))
    .option("--out <file>", "write the disclosure here", "disclosure.json")
    .option("--json", "print what is claimed as JSON")
    .addHelpText("after", "\nWorks offline. The recipient checks it with `veritee verify FILE --recipient NAME --receipt RECEIPT`.\n\nExample:\n  veritee disclose receipt.json --home ./bank --score-at-least 600 --to \"Bank of Examples\" --expires 30d")
    .action(async (receipt: string, o: Options) => {
      const home = await openPartyHome(o, (await readParty(o.home)).role);
      const json = await readJson(receipt);
      const parameters = await openParameters(o);
      const { manifest, key } = parameters;
      await prepareArtefacts(["disclose"], parameters);
      const disclosure = await disclose(home, { prover: snarkjsProver(artefactsIn(ARTEFACT_DIR, manifest), manifest), key: key("disclose") }, {
        receipt: json, scoreAtLeast: o.scoreAtLeast, gradeAtLeast: o.gradeAtLeast, recipient: o.to, expiresAt: o.expires,
        showOwner: o.showOwner ?? false, showModel: o.showModel ?? false, source: o.source,
      }).finally(terminate);
      await writeFile(o.out, `${JSON.stringify(disclosureToJson(disclosure), null, 2)}\n`);
      const { claim: { scoreAtLeast, gradeAtMost }, developmentParameters } = disclosure;
      const until = new Date(o.expires * 1000).toISOString();
      createOutput(o.json ?? false).result({ scoreAtLeast, gradeRankAtMost: gradeAtMost === undefined ? undefined : gradeAtMost + 1, recipient: o.to, expiresAt: o.expires, developmentParameters, disclosure: o.out }, () => [
        `for ${o.to}, until ${until}`,
        ...(scoreAtLeast === undefined ? [] : [`score at least ${scoreAtLeast}`]),
        ...(gradeAtMost === undefined ? [] : [`grade of rank ${gradeAtMost + 1} or better`]),
        ...(developmentParameters ? ["DEVELOPMENT parameters: whoever wants can forge such a proof"] : []),
        `disclosure ${o.out}; its recipient needs the receipt too`,
      ]);
    });
