// Run by blob-damage.test.ts in a process of its own, whose system calls fail on purpose: the folder as its argument. A line of
// standard input is a verb and a blob in hex; a line of standard output is what became of it.
import { createHash } from "node:crypto";
import { createInterface } from "node:readline";
import { folderBlobs } from "../../../src/coordinator/blobs/folder.js";
import type { BlobId } from "../../../src/protocol/ids.js";

const blobs = folderBlobs(process.argv[2] as string);

for await (const line of createInterface({ input: process.stdin })) {
  const [verb, hex = ""] = line.split(" ");
  const bytes = Uint8Array.from(Buffer.from(hex, "hex"));
  const id = createHash("sha256").update(bytes).digest("hex") as BlobId;
  const answer = await (verb === "put" ? blobs.put(id, bytes).then(() => "put") : blobs.get(id).then((found) => Buffer.from(found).toString("hex")))
    .catch((error: unknown) => (error as { code?: string }).code ?? String(error));
  process.stdout.write(`${answer}\n`);
}
