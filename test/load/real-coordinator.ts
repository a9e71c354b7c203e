// A coordinator on a real ledger, in a process of its own: settings as JSON on standard input, the ledger in REAL_LEDGER.
import { readFileSync } from "node:fs";
import { deserialize } from "node:v8";
import { openCoordinator } from "../../src/cli/roles/coordinator.js";
import type { DevLedger } from "../../src/cli/roles/ledger.js";
import type { Measurement } from "../../src/protocol/ids.js";

export interface RealLedger extends Pick<DevLedger, "rpcUrl" | "deployment" | "registrarKey"> { readonly measurement: Measurement }

const parent = process.ppid;
setInterval(() => { if (process.ppid !== parent) process.exit(1); }, 1000).unref();

const { chainPort: _, logs: __, ...settings } = JSON.parse(readFileSync(0, "utf8")) as { chainPort: number; logs: boolean; stateDir: string };
const { measurement, ...ledger } = deserialize(Buffer.from(process.env["REAL_LEDGER"] ?? "", "base64")) as RealLedger;
const coordinator = await openCoordinator({ settings, ...ledger, measurements: [measurement], simulation: true, log: { write: () => undefined } });
process.stdout.write(`${JSON.stringify({ url: coordinator.url, pid: process.pid })}\n`);
process.once("SIGTERM", () => void coordinator.close());
