import { z } from "zod";
import { fromBase64, toBase64 } from "../../protocol/bytes.js";
import { envelopeToBytes, type SigningKey } from "../../protocol/dsse.js";
import { ensure, VeriteeError } from "../../protocol/errors.js";
import { partyKey, type PartyKey } from "../../protocol/ids.js";
import { releaseHead, type LogHead } from "../../protocol/owner-statement.js";
import { readReleaseLog } from "./log.js";
import { verifyReleaseLog, type VerifiedLog } from "./verify.js";

const fileSchema = z.strictObject({ format: z.literal("veritee-release-log/1"), owner: z.string(), head: z.base64(), text: z.string() });

/** A log as a file to hand to an auditor: whole, with whose it is and its head, signed: that it ended there, then. */
export async function exportReleaseLog(folder: string, owner: SigningKey, now: number): Promise<string> {
  const { head, text } = await readReleaseLog(folder, owner.publicKey);
  const signed = releaseHead.sign({ ...head, at: now }, owner);
  return `${JSON.stringify({ format: "veritee-release-log/1", owner: owner.publicKey, head: toBase64(envelopeToBytes(signed)), text })}\n`;
}

export interface ExportedLog extends VerifiedLog {
  readonly owner: PartyKey;
  /** When its owner says that it ended there, Unix seconds. */
  readonly endedAt: number;
}

/**
 * Checks an exported log from its first line to its signed head.
 * @param noted heads that were kept elsewhere: the log must contain them
 * @throws input_invalid (no such file), store_failed naming the line
 */
export function verifyExport(file: string, noted: readonly LogHead[] = []): ExportedLog {
  const { owner: whose, head, text } = parse(file);
  const owner = partyKey(whose);
  const signed = releaseHead.open(fromBase64(head));
  ensure(signed.owner === owner, "signature_invalid", "the log's head is signed by another", { owner, found: signed.owner });
  const log = verifyReleaseLog(text, owner, [...noted, signed]);
  ensure(log.head.seq === signed.seq, "store_failed", "the release log goes on after its signed head", { lines: log.head.seq, head: signed.seq });
  return { ...log, owner, endedAt: signed.at };
}

function parse(file: string): z.infer<typeof fileSchema> {
  try {
    return fileSchema.parse(JSON.parse(file));
  } catch (cause) {
    throw new VeriteeError("input_invalid", "not an exported release log", {}, { cause });
  }
}
