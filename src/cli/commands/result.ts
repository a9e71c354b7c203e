import { Command } from "commander";
import { writeFile } from "node:fs/promises";
import { hexId, type JobId } from "../../protocol/ids.js";
import { openPartyHome, withCoordinator, type RemoteOptions } from "../home-options.js";
import { finalityWords, servedFinality } from "../finality.js";
import { createOutput } from "../output.js";
import { openOwnResult } from "../roles/enterprise-result.js";

interface Options extends RemoteOptions { receipt: string; json?: boolean }

export const resultCommand = (): Command =>
  withCoordinator(new Command("result").description("An enterprise's own part of a result: open it, check it against its receipt, keep the receipt."))
    .argument("<job>", "id of the job, as `veritee broker log` shows it")
    .requiredOption("--receipt <file>", "write the receipt here")
    .option("--json", "print the result as JSON")
    .addHelpText("after", "\nVerify the receipt with `veritee verify`; show the grade to others with `veritee disclose`.\n\nExample:\n  veritee result 09ac... --home ./acme --coordinator http://127.0.0.1:8080 --receipt receipt.json")
    .action(async (id: string, o: Options) => {
      const home = await openPartyHome(o, "enterprise");
      const { receipt, result } = await openOwnResult(home, o.coordinator, hexId<JobId>(id, 32, "job"));
      await writeFile(o.receipt, `${JSON.stringify(receipt, null, 2)}\n`);
      const { grade, reasons, detail } = result;
      createOutput(o.json ?? false).result({ job: id, grade, reasonCodes: reasons, score: detail?.score, receipt: o.receipt }, () => [
        `grade ${grade}${detail === undefined ? "" : `, score ${detail.score}`}`,
        ...reasons.map((r) => `  reason ${r.code}: ${r.pointsLost} points`),
        `receipt ${o.receipt}, ${finalityWords(servedFinality(receipt))}`,
      ]);
    });
