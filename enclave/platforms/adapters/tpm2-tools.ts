import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensure } from "../../../src/protocol/errors.js";
import { MAX_QUOTE_BYTES } from "../collected.js";
import type { Tpm2 } from "../ports.js";
import { nodeFiles } from "./files.js";
import { run } from "./run.js";

/** @param folder where the tools are, when not on PATH */
export const tpm2Tools = (folder?: string): Tpm2 => ({
  async run(tool, args, outputs) {
    const scratch = await mkdtemp(join(tmpdir(), "veritee-tpm2-"));
    try {
      const place = (name: string): string => join(scratch, name);
      const real = args.map((arg) => (arg.startsWith("@") ? place(arg.slice(1)) : arg));
      const { code } = await run(folder === undefined ? tool : join(folder, tool), real, { limit: MAX_QUOTE_BYTES });
      ensure(code === 0, "service_unavailable", "a TPM tool failed", { tool, exit: code ?? "killed" });
      return await Promise.all(outputs.map((name) => nodeFiles.read(place(name), MAX_QUOTE_BYTES)));
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  },
});
