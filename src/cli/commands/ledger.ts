import { Command, Option } from "commander";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openSender } from "../../chain/sender.js";
import { cardFromJson } from "../../protocol/endorsement-file.js";
import { createOutput } from "../output.js";
import { parsePort, parsePositive, readJson, SOURCE_CLASSES } from "../options.js";
import { openParameters, withParameters, type ParametersOption } from "../parameters.js";
import { STATE_DIR } from "../paths.js";
import { ensureMaySimulate } from "../profile.js";
import { deployAll, openDevLedger, readDeployment, registrarKey } from "../roles/ledger.js";
import { untilInterrupted } from "../until-interrupted.js";

export function ledgerCommand(): Command {
  const command = new Command("ledger").description("The ledger's contracts: on the embedded development chain, or on a chain that exists.");
  withParameters(command.command("dev")).description("Run the embedded development chain with the contracts, until interrupted. Anyone can have coins on it.")
    .option("--state <dir>", "folder of its state", join(STATE_DIR, "ledger"))
    .addOption(new Option("--host <host>", "address to listen on; another than this machine's own obeys everyone who reaches it").choices(["127.0.0.1", "0.0.0.0"]).default("127.0.0.1"))
    .option("--port <n>", "port to listen on, 0 for a free one", parsePort, 0)
    .addHelpText("after", "\nExample:\n  veritee ledger dev --state ./ledger --port 8545")
    .action(async (o: ParametersOption & { state: string; host: string; port: number }) => {
      const ledger = await openDevLedger(o.state, undefined, await openParameters(o), o);
      process.stdout.write(`${JSON.stringify({ rpcUrl: ledger.rpcUrl, ...ledger.deployment, deployment: join(o.state, "deployment.json"), key: join(o.state, "registrar.key") })}\n`);
      await untilInterrupted(new Promise<void>(() => undefined), ledger.stop);
    });
  withParameters(command.command("deploy")).description("Deploy the contracts on a chain; the account of the key file pays and becomes the registrar.")
    .requiredOption("--rpc <url>", "JSON-RPC of a node")
    .requiredOption("--chain-id <n>", "the chain's id; refused when the node is on another", parsePositive)
    .requiredOption("--key <file>", "32 bytes of hex; made when absent (then fund its account first)")
    .requiredOption("--out <file>", "write the deployment here")
    .addHelpText("after", "\nExample:\n  veritee ledger deploy --rpc http://node:8545 --chain-id 1337 --key registrar.key --out deployment.json --parameters parameters.json")
    .action(async (o: ParametersOption & { rpc: string; chainId: number; key: string; out: string }) => {
      const out = createOutput(false);
      const parameters = await openParameters(o);
      if (parameters.circuits.some((circuit) => parameters.key(circuit).development)) ensureMaySimulate("development parameters");
      const deployment = await deployAll(o.rpc, o.chainId, await registrarKey(o.key), (step, gas) => out.note(`${step}: ${gas} gas`), parameters);
      await writeFile(o.out, `${JSON.stringify(deployment, null, 2)}\n`);
      out.result(deployment, () => [`deployed; ${o.out}`]);
    });
  command.command("add-source").description("Register a source: from then on what it endorses counts, with the class of its card.")
    .argument("<card>", "file that `veritee source card` wrote")
    .requiredOption("--rpc <url>", "JSON-RPC of a node")
    .requiredOption("--deployment <file>", "the contracts")
    .requiredOption("--key <file>", "the registrar's key")
    .addHelpText("after", "\nExample:\n  veritee ledger add-source tax-office.json --rpc http://node:8545 --deployment deployment.json --key registrar.key")
    .action(async (file: string, o: { rpc: string; deployment: string; key: string }) => {
      const { account, sourceClass } = cardFromJson(await readJson(file));
      const sender = await openSender({ rpcUrl: o.rpc, deployment: await readDeployment(o.deployment), privateKey: await registrarKey(o.key) });
      const { txHash } = await sender.registerSource(account, sourceClass);
      createOutput(false).result({ account, sourceClass, txHash }, () => [`source ${account} registered as ${SOURCE_CLASSES[sourceClass - 1] ?? ""}, transaction ${txHash}`]);
    });
  return command;
}
