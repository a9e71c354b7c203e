import { constants } from "node:fs";
import { access, mkdir, open, rmdir } from "node:fs/promises";
import type { Bytes } from "../../../src/protocol/bytes.js";
import type { Files } from "../ports.js";

/** Bytes asked for at once: more than any attribute that is read. */
const CHUNK = 64 * 1024;

/** A kernel's pseudo-files: lengths that `stat` tells mean nothing, so files are read to their end. */
export const nodeFiles: Files = {
  exists: (path) => access(path).then(() => true, () => false),
  makeFolder: async (path) => void (await mkdir(path)),
  removeFolder: (path) => rmdir(path),
  async read(path, limit) {
    const file = await open(path, constants.O_RDONLY);
    try {
      const parts: Bytes[] = [];
      for (let total = 0; ;) {
        const { bytesRead, buffer } = await file.read(Buffer.alloc(CHUNK), 0, CHUNK, null);
        if (bytesRead === 0) return Uint8Array.from(Buffer.concat(parts));
        total += bytesRead;
        if (total > limit) throw tooBig(path);
        parts.push(buffer.subarray(0, bytesRead));
      }
    } finally {
      await file.close();
    }
  },
  async write(path, bytes) {
    // Neither created nor cut: attributes exist already, and some refuse O_TRUNC.
    const file = await open(path, constants.O_WRONLY);
    try {
      const { bytesWritten } = await file.write(bytes, 0, bytes.length, null);
      if (bytesWritten !== bytes.length) throw Object.assign(new Error(`short write: ${path}`), { code: "EIO" });
    } finally {
      await file.close();
    }
  },
};

const tooBig = (what: string): Error => Object.assign(new Error(`too many bytes: ${what}`), { code: "EFBIG" });
