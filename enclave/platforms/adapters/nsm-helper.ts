import { MAX_QUOTE_BYTES } from "../collected.js";
import type { NsmDevice } from "../ports.js";
import { run } from "./run.js";

/** The program's exit codes (enclave/image/nitro/nsm-request.c), as the system errors that they stand for. */
const EXITS: Readonly<Record<number, string>> = { 2: "ENOENT", 3: "EINTR", 4: "EBUSY", 5: "EFBIG", 6: "EACCES" };

/**
 * The security module through a small program of the image that makes the one ioctl: Node makes none by itself. It reads a
 * request from its standard input and writes the response.
 */
export const nsmHelper = (program: string): NsmDevice => ({
  async request(message) {
    const { code, stdout } = await run(program, [], { input: message, limit: MAX_QUOTE_BYTES });
    if (code !== 0) throw Object.assign(new Error("the security module's helper failed"), { code: EXITS[code ?? -1] ?? "EIO" });
    return stdout;
  },
});
