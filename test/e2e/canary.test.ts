import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { random } from "../../src/cli/roles/system.js";
import { toHex } from "../../src/protocol/bytes.js";
import { importFile } from "../../src/programs/import/single-file.js";
import { smeInvoice } from "../../src/programs/sme-invoice/program.js";
import { startWorld, type Scored, type World } from "./world.js";

// Promise 1: the coordinator, the ledger and whoever listens learn no field of a dataset, a model or a result. Each private
// field of this run holds a string or number that is nowhere else; afterwards everything that others hold is searched.

const CANARY = { counterparty: `kanarie-${toHex(random(8))}`, invoiceNo: `nota-${toHex(random(8))}`, model: `modell-${toHex(random(8))}`, amount: 31_415_926_535, edge: 987_654_321 };
const PURPOSE = `purpose-${toHex(random(8))}`; // public to the coordinator: the search must find it
const AS_OF = 18261; // 2019-12-31

const CSV = [
  "enterprise,dir,invoice_no,date,counterparty,net_fen,tax_fen,gross_fen,valid",
  ...Array.from({ length: 12 }, (_, i) =>
    `E1,${i % 3 === 0 ? "purchase" : "sale"},${CANARY.invoiceNo}-${i},2019-0${1 + (i % 9)}-15,${CANARY.counterparty}-${i % 4},${CANARY.amount},0,${CANARY.amount},1`),
  "",
].join("\n");

/** Spellings in which a text could lie somewhere. */
function spellings(text: string): Buffer[] {
  const raw = Buffer.from(text);
  const base64 = [0, 1, 2].map((pad) => Buffer.concat([Buffer.alloc(pad), raw]).toString("base64").slice(pad === 0 ? 0 : 4, -4)).filter((b) => b.length >= 8);
  return [raw, Buffer.from(raw.toString("hex")), Buffer.from(text, "utf16le"), Buffer.from(JSON.stringify(text).slice(1, -1)), ...base64.map((b) => Buffer.from(b))];
}

/** As in the canonical record (docs/protocol.md 3) and its mirror image. */
function numberSpellings(value: number): Buffer[] {
  const big = Buffer.alloc(8);
  big.writeBigInt64BE(BigInt(value));
  return [...spellings(String(value)), big, Buffer.from(big).reverse(), Buffer.from(big.toString("hex"))];
}

function filesUnder(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" }).map((name) => join(folder, name)).filter((path) => statSync(path).isFile());
}

const content = (path: string): Buffer => {
  const bytes = readFileSync(path);
  return bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes;
};

describe("what others hold after a score shows no private field", () => {
  let world: World;
  let scored: Scored;
  let places: { name: string; bytes: Buffer }[];

  beforeAll(async () => {
    const card = { ...smeInvoice.defaultModel, name: CANARY.model };
    const features = card.features.map((f, j) => (j === 5 ? { ...f, edges: [6800, CANARY.edge] } : f));
    world = await startWorld(smeInvoice, { ...card, features });
    const imported = await importFile(smeInvoice, { file: "canary.csv", chunks: one(Buffer.from(CSV)) }, { terms: { asOfDay: AS_OF, termsAmount: 0 } });
    scored = await world.score(smeInvoice, imported, PURPOSE);
    const { rpcUrl } = world.ledger;
    places = [
      { name: "the coordinator's sockets", bytes: world.traffic() },
      { name: "the coordinator's log", bytes: Buffer.from(world.coordinatorLog()) },
      { name: "the worker's messages to its host", bytes: Buffer.from(world.workerLog()) },
      { name: "every block of the ledger", bytes: Buffer.from(await everyBlock(rpcUrl)) },
      { name: "the receipt", bytes: Buffer.from(JSON.stringify(scored.receipt)) },
      ...[...filesUnder(world.coordinatorFolder), ...filesUnder(join(world.folder, "ledger"))].map((path) => ({ name: path, bytes: content(path) })),
    ];
  });
  afterAll(() => world.stop());

  it("the search finds what the coordinator is allowed to see, so it can find something", () => {
    expect(places.filter((p) => spellings(PURPOSE).some((s) => p.bytes.includes(s))).map((p) => p.name)).toContain("the coordinator's sockets");
  });

  it("the platform did get the result that the rest does not show", () => {
    expect(scored.result.features.find((f) => f.name === "n_supp")?.value).toBeGreaterThan(0);
  });

  for (const [field, value] of Object.entries(CANARY)) {
    it(`${field} is nowhere, in no spelling`, () => {
      const needles = typeof value === "number" ? numberSpellings(value) : spellings(value);
      const found = places.filter((p) => needles.some((n) => p.bytes.includes(n))).map((p) => p.name);
      expect(found).toEqual([]);
    });
  }

  it("no key of either party is anywhere", async () => {
    for (const home of [world.enterprise, world.platform]) {
      for (const name of await home.keys.names()) {
        const key = Buffer.from((await home.keys.get(name)) ?? []);
        const needles = [key, Buffer.from(key.toString("hex")), Buffer.from(key.toString("base64"))];
        expect(places.filter((p) => needles.some((n) => p.bytes.includes(n))).map((p) => p.name)).toEqual([]);
      }
    }
  });
});

async function* one(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

async function everyBlock(rpcUrl: string): Promise<string> {
  const call = async (method: string, params: unknown[]): Promise<unknown> => {
    const response = await fetch(rpcUrl, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }) });
    return ((await response.json()) as { result: unknown }).result;
  };
  const last = Number(await call("eth_blockNumber", []));
  let all = "";
  for (let n = 0; n <= last; n++) all += JSON.stringify(await call("eth_getBlockByNumber", [`0x${n.toString(16)}`, true]));
  return all + JSON.stringify(await call("eth_getLogs", [{ fromBlock: "0x0", toBlock: "latest" }]));
}
