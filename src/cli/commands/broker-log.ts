import type { Command } from "commander";
import { writeFile } from "node:fs/promises";
import { compareHead, compareLog, type Difference } from "../../broker/release-log/compare.js";
import { exportReleaseLog, verifyExport, type ExportedLog } from "../../broker/release-log/export.js";
import { readReleaseLog } from "../../broker/release-log/log.js";
import { fromBase64 } from "../../protocol/bytes.js";
import { envelopeFromBytes, type SigningKey } from "../../protocol/dsse.js";
import { ensure } from "../../protocol/errors.js";
import { partyKey } from "../../protocol/ids.js";
import { CoordinatorClient } from "../../transport/client.js";
import { openPartyHome, withHome, type HomeOptions } from "../home-options.js";
import { readText } from "../options.js";
import { createOutput, EXIT } from "../output.js";
import { enterpriseOf, platformOf, readParty } from "../roles/home.js";
import { clock } from "../roles/system.js";

interface CompareOptions extends HomeOptions { coordinator?: string; with?: string; evidence?: string; json?: boolean }

/** export-log, verify-log, compare-log, log */
export function addLogCommands(command: Command): void {
  command.command("log").description("Check and show a party's release log.")
    .requiredOption("--home <dir>", "the party's folder")
    .option("--json", "print {head, entries}; keep the head elsewhere, it finds a log that was cut")
    .addHelpText("after", "\nExample:\n  veritee broker log --home ./acme")
    .action(async (o: { home: string; json?: boolean }) => {
      const { publicKey } = await readParty(o.home);
      const { entries, deletions, head, text } = await readReleaseLog(o.home, partyKey(publicKey));
      createOutput(o.json ?? false).result({ entries, deletions: Object.fromEntries(deletions), head, text }, () => [
        ...entries.map((e) => `${dateOf(e.at)} ${e.outcome} job ${e.job.slice(0, 12)} ${e.refusal === undefined ? `to ${e.evidence?.simulated === true ? "SIMULATED " : ""}enclave ${e.evidence?.measurement.slice(0, 16) ?? "?"}` : `${e.refusal.code}: ${e.refusal.reason}`}`),
        ...[...deletions].map(([line, d]) => `${dateOf(d.destroyedAt)} destroyed the key of ${d.subject.slice(0, 12)} (line ${line}): ${d.method}`),
        `${head.seq} entries, chain and signatures good, head ${head.hash}`,
      ]);
    });
  withHome(command.command("export-log").description("Write the release log to a file for an auditor: whole, with its signed head."))
    .requiredOption("--to <file>", "where")
    .addHelpText("after", "\nExample:\n  veritee broker export-log --home ./acme --to acme-releases.json")
    .action(async (o: HomeOptions & { to: string }) => {
      const { signing, close } = await openSigner(o);
      await writeFile(o.to, await exportReleaseLog(o.home, signing, clock()), { mode: 0o600 });
      close();
      createOutput(false).result({ file: o.to }, () => [`release log in ${o.to}`]);
    });
  command.command("verify-log").description("Check an exported release log: every line, every signature, every record of a destroyed key.")
    .argument("<file>", "what export-log wrote")
    .option("--owner <key>", "whose log it must be")
    .option("--head <hash>", "a head that was noted elsewhere, as SEQ:HASH")
    .option("--json", "print {owner, lines, head, endedAt, released, refused, destroyed}")
    .addHelpText("after", "\nExample:\n  veritee broker verify-log acme-releases.json --owner 77c1...")
    .action(async (file: string, o: { owner?: string; head?: string; json?: boolean }) => {
      const log = verifyExport(await readText(file), o.head === undefined ? [] : [parseHead(o.head)]);
      ensure(o.owner === undefined || partyKey(o.owner) === log.owner, "signature_invalid", "the log is another's", { owner: log.owner });
      createOutput(o.json ?? false).result(summaryOf(log), () => inWords(log));
    });
  withHome(command.command("compare-log").description("Compare an exported release log with what the coordinator has, or with another export of the same log."))
    .argument("<file>", "what export-log wrote")
    .option("--coordinator <url>", "ask it, as the log's owner, for requests, replies and noted heads")
    .option("--with <file>", "an earlier or later export: one must be a beginning of the other")
    .option("--evidence <file>", "write what the owner signed and the log contradicts")
    .option("--json", "print {differences: [{kind, says, line, request}]}")
    .addHelpText("after", "\nExit code 1 when there is a difference.\n\nExample:\n  veritee broker compare-log acme-releases.json --home ./acme --coordinator http://127.0.0.1:8080")
    .action(async (file: string, o: CompareOptions) => {
      ensure((o.coordinator === undefined) !== (o.with === undefined), "config_invalid", "give --coordinator or --with", { field: "with" });
      // Claims first: the log may only be ahead of them.
      const claims = o.coordinator === undefined ? undefined : await claimsOf(o, o.coordinator);
      const log = verifyExport(await readText(file));
      const differences = claims === undefined ? await compareExports(log, o.with as string) : compareLog(log, log.owner, claims);
      const evidence = differences.flatMap((d) => (d.evidence === undefined ? [] : [{ kind: d.kind, says: d.says, envelope: d.evidence }]));
      if (o.evidence !== undefined) await writeFile(o.evidence, `${JSON.stringify({ owner: log.owner, evidence }, null, 2)}\n`);
      createOutput(o.json ?? false).result({ differences }, () => [
        ...differences.map((d) => `${d.kind.padEnd(9)} ${d.line === undefined ? "" : `line ${d.line}: `}${d.request === undefined ? "" : `request ${d.request.slice(0, 12)}: `}${d.says}`),
        differences.length === 0 ? `${log.head.seq} lines, no difference` : `${differences.length} differences`,
      ]);
      process.exitCode = differences.length === 0 ? EXIT.ok : EXIT.negative;
    });
}

async function claimsOf(o: HomeOptions, url: string) {
  const { signing, close } = await openSigner(o);
  const api = new CoordinatorClient({ url, key: signing });
  const requests = await api.keyClaims();
  const heads = [...await api.releaseHeads(0), ...await api.releaseHeads()];
  close();
  return { requests, heads };
}

/** The shorter one's head must be in the longer one. */
async function compareExports(log: ExportedLog, other: string): Promise<readonly Difference[]> {
  const text = await readText(other);
  const second = verifyExport(text);
  ensure(second.owner === log.owner, "input_invalid", "the two logs are of two owners", { first: log.owner, second: second.owner });
  const [longer, shorter, file] = log.head.seq >= second.head.seq ? [log, second, text] : [second, log, undefined];
  if (longer.hashes[shorter.head.seq] === shorter.head.hash) return [];
  const first = longer.hashes.findIndex((hash, i) => hash !== shorter.hashes[i]);
  const head = file === undefined ? undefined : envelopeFromBytes(fromBase64((JSON.parse(file) as { head: string }).head));
  const evidence = head === undefined ? undefined : compareHead(longer, log.owner, head)[0]?.evidence;
  return [{ kind: "forked", line: first, says: `both are signed by their owner and differ from line ${first} on`, ...(evidence === undefined ? {} : { evidence }) }];
}

async function openSigner(o: HomeOptions): Promise<{ readonly signing: SigningKey; readonly close: () => void }> {
  const { role } = await readParty(o.home);
  const home = await openPartyHome(o, role);
  return { signing: (role === "platform" ? platformOf(home) : enterpriseOf(home)).signing, close: () => { home.keys.close(); } };
}

function parseHead(text: string) {
  const [seq, hash] = text.split(":");
  ensure(/^\d+$/.test(seq ?? "") && /^[0-9a-f]{64}$/.test(hash ?? ""), "input_invalid", "a head is SEQ:HASH", { field: "head" });
  return { seq: Number(seq), hash: hash as string };
}

const dateOf = (seconds: number): string => new Date(seconds * 1000).toISOString();

const summaryOf = ({ owner, head, endedAt, entries, deletions }: ExportedLog) => ({
  owner, lines: head.seq, head: head.hash, endedAt,
  released: entries.filter((e) => e.outcome === "released").length, refused: entries.filter((e) => e.outcome === "refused").length,
  destroyed: [...deletions.values()].map(({ subject, destroyedAt, method }) => ({ subject, destroyedAt, method })),
});

function inWords(log: ExportedLog): readonly string[] {
  const { owner, lines, head, released, refused, destroyed } = summaryOf(log);
  return [
    ...destroyed.map((d) => `${dateOf(d.destroyedAt)} destroyed the key of ${d.subject}: ${d.method}`),
    `release log of ${owner}: ${lines} lines (${released} released, ${refused} refused, ${destroyed.length} destroyed), chain and signatures good`,
    `it ended at ${dateOf(log.endedAt)} with head ${lines}:${head}`,
  ];
}
