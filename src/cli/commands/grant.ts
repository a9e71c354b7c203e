import { Command } from "commander";
import { join } from "node:path";
import { grantBook } from "../../enterprise/grant-book.js";
import { revokeGrant } from "../../enterprise/revoke.js";
import { hexId, partyKey, type DatasetManifestId, type GrantId, type Measurement } from "../../protocol/ids.js";
import { datasetManifest, readAnchor, type Anchor } from "../../protocol/objects/index.js";
import { readSigned, writeSigned } from "../files.js";
import { openPartyHome, withCoordinator, type RemoteOptions } from "../home-options.js";
import { builtMeasurement } from "../measurement.js";
import { collect, parsePositive } from "../options.js";
import { createOutput } from "../output.js";
import { clientOf, datasetFolder, issueGrant } from "../roles/enterprise.js";
import { enterpriseOf } from "../roles/home.js";
import { clock } from "../roles/system.js";

interface CreateOptions extends RemoteOptions {
  dataset: string; to: string; purpose: string; uses: number; days: number; measurement?: string[]; anchor: Anchor[]; out: string; json?: boolean;
}

export function grantCommand(): Command {
  const command = new Command("grant").description("An enterprise's permissions: who may use which dataset, for what, how often, in which enclaves.");
  withCoordinator(command.command("create").description("Permit one platform to use one dataset for one purpose."))
    .requiredOption("--dataset <id>", "id of the dataset version")
    .requiredOption("--to <key>", "the platform's public key")
    .requiredOption("--purpose <text>", "what for; the platform's job must say the same")
    .requiredOption("--anchor <name>", "trust anchor that is accepted; repeat for more. `sim` allows SIMULATED enclaves", collect(readAnchor))
    .option("--measurement <hex>", "enclave that is accepted; repeat for more. This build's own when left out", collect(String))
    .option("--uses <n>", "how many jobs", parsePositive, 1)
    .option("--days <n>", "how long", parsePositive, 7)
    .requiredOption("--out <file>", "write the signed grant here, for the platform")
    .option("--json", "print as JSON")
    .addHelpText("after", "\nExample:\n  veritee grant create --home ./acme --coordinator http://127.0.0.1:8080 --dataset 3fa9... --to 77c1... --purpose 'credit decision' --anchor sim --out acme.grant")
    .action(async (o: CreateOptions) => {
      const home = await openPartyHome(o, "enterprise");
      const dataset = await readSigned(join(datasetFolder(home, hexId<DatasetManifestId>(o.dataset, 32, "dataset")), "manifest.bin"), datasetManifest);
      const measurements = o.measurement?.map((m) => hexId<Measurement>(m, m.length / 2, "measurement")) ?? [await builtMeasurement()];
      const signed = await issueGrant(home, o.coordinator, {
        dataset, grantee: partyKey(o.to), purpose: o.purpose, maxUses: o.uses, days: o.days, allowedMeasurements: measurements, allowedAnchors: o.anchor,
      });
      await writeSigned(o.out, signed);
      createOutput(o.json ?? false).result({ grant: signed.id, file: o.out }, () => [`grant ${signed.id} in ${o.out}`]);
    });
  withCoordinator(command.command("revoke").description("Revoke a grant: the enterprise's broker gives no further key under it, at once."))
    .argument("<grant>", "id of the grant")
    .option("--json", "print as JSON")
    .addHelpText("after", "\nExample:\n  veritee grant revoke 91be... --home ./acme --coordinator http://127.0.0.1:8080")
    .action(async (id: string, o: RemoteOptions & { json?: boolean }) => {
      const home = await openPartyHome(o, "enterprise");
      const enterprise = enterpriseOf(home);
      const book = await grantBook(home.folder, enterprise.signing.publicKey);
      const { revocation, unannounced } = await revokeGrant(enterprise, hexId<GrantId>(id, 32, "grant"), { book, api: clientOf(home, o.coordinator), clock });
      const out = createOutput(o.json ?? false);
      if (unannounced !== undefined) out.note("note: revoked here; the coordinator could not be told, which changes nothing for the keys");
      out.result({ revocation: revocation.id, grant: id, announced: unannounced === undefined }, () => [`revoked ${id}`]);
    });
  return command;
}
