import { spawn } from "node:child_process";
import type { Bytes } from "../../../src/protocol/bytes.js";

const TIMEOUT_MS = 30_000;

export interface Ran { readonly code: number | null; readonly stdout: Bytes }

/** Runs a program of the image to its end. No shell, no environment but PATH. @throws ENOENT and the like, EFBIG */
export function run(program: string, args: readonly string[], { input = new Uint8Array(), limit }: { input?: Bytes; limit: number }): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, [...args], { stdio: ["pipe", "pipe", "ignore"], env: { PATH: process.env.PATH ?? "" }, timeout: TIMEOUT_MS, killSignal: "SIGKILL" });
    const parts: Bytes[] = [];
    let total = 0;
    child.stdout.on("data", (part: Bytes) => {
      total += part.length;
      if (total <= limit) return void parts.push(part);
      child.kill("SIGKILL");
      reject(Object.assign(new Error(`too much output: ${program}`), { code: "EFBIG" }));
    });
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout: Uint8Array.from(Buffer.concat(parts)) }));
    // A program that ends without reading its input is judged by its exit code.
    child.stdin.on("error", () => undefined);
    child.stdin.end(input);
  });
}
