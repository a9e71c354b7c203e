// Run by pkcs11.test.ts in a process of its own: a task as JSON on standard input, its outcome on standard output.
import { readFileSync } from "node:fs";
import { openKeyStore } from "../../../src/broker/keystore/open.js";

const { folder, secret, get, put, destroy } = JSON.parse(readFileSync(0, "utf8")) as Readonly<Record<"folder" | "secret", string>> & Partial<Record<"get" | "put" | "destroy", string>>;
try {
  const store = await openKeyStore(folder, secret);
  if (put !== undefined) await store.put(put, new Uint8Array(32).fill(9));
  if (destroy !== undefined) await store.destroy(destroy);
  const got = get === undefined ? undefined : await store.get(get);
  process.stdout.write(JSON.stringify({ got: got === undefined ? null : Array.from(got) }));
} catch (error) {
  const { code, message } = error as { code?: string; message: string };
  process.stdout.write(JSON.stringify({ code, ...(code === "open_failed" ? { message } : {}) }));
}
