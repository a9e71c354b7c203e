import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { sql } from "kysely";
import { openExistingStore, type DatabaseConfig } from "../../../src/coordinator/store/open.js";

/**
 * Something that somebody else than its owner gets to see of a run. Whoever adds an output (a log, a trace, a metric) adds a line
 * to the list in stage.ts: that is all that is needed for it to be searched.
 */
export interface OutputSource { readonly name: string; readonly read: () => Promise<readonly { readonly name: string; readonly bytes: Buffer }[]> }

export const output = (name: string, read: () => Buffer | string | Promise<Buffer | string>): OutputSource =>
  ({ name, read: async () => [{ name, bytes: Buffer.from(await read() as Buffer) }] });

/** Every file below a folder, those that are packed unpacked as well. */
export const folder = (name: string, path: string): OutputSource => ({
  name,
  read: () => Promise.resolve(filesUnder(path).flatMap((file) => {
    const bytes = contentOf(file);
    if (bytes === undefined) return [];
    const packed = bytes[0] === 0x1f && bytes[1] === 0x8b ? [{ name: `${name}: ${file}, unpacked`, bytes: gunzipSync(bytes) }] : [];
    return [{ name: `${name}: ${file}`, bytes }, ...packed];
  })),
});

/** Undefined for what went away meanwhile. */
function contentOf(file: string): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function filesUnder(path: string): string[] {
  return readdirSync(path, { recursive: true, encoding: "utf8" }).map((name) => join(path, name)).filter((file) => statSync(file, { throwIfNoEntry: false })?.isFile() === true);
}

/** Every row of every table as text: what the database's own files may hold compressed. The store must be closed. */
export const rows = (stateDir: string, database: DatabaseConfig): OutputSource => ({
  name: "rows",
  read: async () => {
    const db = await openExistingStore(stateDir, database);
    try {
      const tables = await sql<{ name: string }>`select tablename as name from pg_tables where schemaname = 'public'`.execute(db);
      const out = [];
      for (const { name } of tables.rows) {
        const { rows: found } = await sql<{ row: string }>`select to_jsonb(t)::text as row from ${sql.table(name)} t`.execute(db);
        // bytea is written as \\x and hex: as bytes as well.
        const text = found.map((r) => r.row).join("\n");
        const raw = [...text.matchAll(/\\\\x([0-9a-f]+)/g)].map(([, hex]) => Buffer.from(hex as string, "hex"));
        out.push({ name: `table ${name}`, bytes: Buffer.from(text) }, { name: `table ${name}, bytes`, bytes: Buffer.concat(raw) });
      }
      return out;
    } finally {
      await db.destroy();
    }
  },
});

/** Blocks with their transactions, receipts and events, and the node's whole state. */
export const ledger = (rpcUrl: () => string): OutputSource => output("the ledger", async () => {
  const call = async (method: string, params: unknown[]): Promise<unknown> => {
    const response = await fetch(rpcUrl(), { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }) });
    return ((await response.json()) as { result: unknown }).result;
  };
  const last = Number(await call("eth_blockNumber", []));
  let all = "";
  for (let n = 0; n <= last; n++) {
    const block = `0x${n.toString(16)}`;
    all += JSON.stringify([await call("eth_getBlockByNumber", [block, true]), await call("eth_getBlockReceipts", [block])]);
  }
  const dump = String(await call("anvil_dumpState", [])).slice(2);
  return Buffer.concat([Buffer.from(all), Buffer.from(JSON.stringify(await call("eth_getLogs", [{ fromBlock: "0x0", toBlock: "latest" }]))), unpacked(Buffer.from(dump, "hex"))]);
});

const unpacked = (bytes: Buffer): Buffer => (bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes);
