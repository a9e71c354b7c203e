import { existsSync, readFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startPostgres, type PostgresServer } from "../../bench/postgres/server.js";
import { ENCLAVE_BUNDLE, PACKAGE_ROOT } from "../../src/cli/paths.js";
import { openPostgres } from "../../src/coordinator/store/open-postgres.js";
import { random } from "../../src/cli/roles/system.js";
import { toHex, type Bytes } from "../../src/protocol/bytes.js";
import { datasetOpening, modelOpening } from "../../src/protocol/objects/index.js";
import { openSegment } from "../../src/protocol/sealing.js";
import { importFile } from "../../src/programs/import/single-file.js";
import { openDataset } from "../../src/programs/open-dataset.js";
import { smeInvoice } from "../../src/programs/sme-invoice/program.js";
import { memoryReadable, searchMemory, type MemoryReport } from "./canary/memory.js";
import { Search, secretBytes, secretNumber, secretText, type Needle } from "./canary/needles.js";
import { folder, type OutputSource } from "./canary/outputs.js";
import { playWithProcesses, type Stage } from "./canary/stage.js";

// Promises R29 and R30: the coordinator, the ledger and whoever listens learn no field of a dataset, a model or a result, and no
// key, from whatever they hold: logs, metrics, errors, traffic, files, database, blocks, and the coordinator's own memory.
// Each secret of this run is nowhere else in the world; afterwards everything that others hold is searched for every spelling.

/** 32 characters that are nowhere else. */
const canary = (kind: string): string => `${kind}-${toHex(random(16))}`.slice(0, 32);
const TEXTS = { counterparty: canary("kanarie"), invoiceNo: canary("nota"), model: canary("modell"), passphrase: canary("passwort") };
const NUMBERS = { amount: 27_604_918_353, edge: 871_340_629 };
const PURPOSE = canary("purpose"); // public to the coordinator: the search must find it
const AS_OF = 18261; // 2019-12-31

const CSV = [
  "enterprise,dir,invoice_no,date,counterparty,net_fen,tax_fen,gross_fen,valid",
  ...Array.from({ length: 12 }, (_, i) =>
    `E1,${i % 3 === 0 ? "purchase" : "sale"},${TEXTS.invoiceNo}-${i},2019-0${1 + (i % 9)}-15,${TEXTS.counterparty}-${i % 4},${NUMBERS.amount},0,${NUMBERS.amount},1`),
  "",
].join("\n");

/** Keys and salts, which only their owners' homes can tell. */
async function secretsOf({ enterprise, platform, dataset, model, result }: Stage): Promise<Readonly<Record<string, Bytes>>> {
  const [dataKey, modelKey] = [await enterprise.keys.get(dataset.id) as Bytes, await platform.keys.get(model.id) as Bytes];
  const read = (name: string, home: string, file: string): Bytes => Uint8Array.from(readFileSync(join(home, name, file)));
  const { owner, datasetId: subject, datasetVersion: version, segments } = dataset.value;
  const home = join(enterprise.folder, "datasets");
  const opened = await openDataset(smeInvoice, dataset.value, {
    plaintext: (index) => openSegment(dataKey, { kind: "segment", owner, subject, version, index }, read(dataset.id, home, `${index}.sealed`)),
  });
  const sealedModel = read(model.id, join(platform.folder, "models"), "model.sealed");
  const { salt } = modelOpening.decode(await openSegment(modelKey, { kind: "model", owner: model.value.platform, subject: model.value.modelId, version: 0, index: 0 }, sealedModel));
  expect(datasetOpening.encode(opened.opening).length).toBeGreaterThan(40);
  return {
    "the data key": dataKey, "the model's key": modelKey, "the enterprise's seed": enterprise.seed, "the platform's seed": platform.seed,
    "the aggregates' salt": opened.opening.aggregateSalt, "a chunk's salt": opened.chunks[0]?.salt as Bytes, "the model's salt": salt,
    "the grade's salt": result.gradeSalt, "the score's salt": result.detailSalt,
  };
}

const TEXT_NEEDLES = Object.entries(TEXTS).flatMap(([name, text]) => secretText(name, text));
const DATA = new Search([...TEXT_NEEDLES, ...Object.entries(NUMBERS).flatMap(([name, value]) => secretNumber(name, value))]);
const PUBLIC = new Search(secretText("purpose", PURPOSE));

interface Held { readonly source: string; readonly name: string; readonly bytes: Buffer }

async function readAll(sources: readonly OutputSource[]): Promise<readonly Held[]> {
  const all: Held[] = [];
  for (const source of sources) all.push(...(await source.read()).map((part) => ({ source: source.name, ...part })));
  return all;
}

const found = (held: readonly Held[], search: Search): string[] =>
  held.flatMap(({ name, bytes }) => [...search.in(bytes).keys()].map((needle) => `${needle} in ${name}`));

function promises(kind: string, postgres?: () => PostgresServer): void {
  describe(`what others hold after a score, with its store on ${kind}`, () => {
    let stage: Stage;
    let keys: Search;
    let held: readonly Held[];
    let during: { pid: number; report: MemoryReport } | undefined;

    beforeAll(async () => {
      if (!existsSync(ENCLAVE_BUNDLE)) throw new Error("the enclave is not bundled: run `npm run build` first, or `npm test`");
      const card = { ...smeInvoice.defaultModel, name: TEXTS.model };
      const features = card.features.map((f, j) => (j === 5 ? { ...f, edges: [6800, NUMBERS.edge] } : f));
      const imported = await importFile(smeInvoice, { file: "canary.csv", chunks: one(Buffer.from(CSV)) }, { terms: { asOfDay: AS_OF, termsAmount: 0 } });
      stage = await playWithProcesses({
        program: smeInvoice, card: { ...card, features }, imported, purpose: PURPOSE, passphrase: TEXTS.passphrase,
        during: (pid) => { if (memoryReadable(pid)) during = { pid, report: searchMemory(pid, new Search([...DATA.needles, ...PUBLIC.needles])) }; },
      }, postgres?.().url);
      keys = new Search(Object.entries(await secretsOf(stage)).flatMap(([name, bytes]) => secretBytes(name, bytes)));
      held = await readAll(stage.outputs);
    });
    afterAll(() => stage.stop());

    it("shows no private field and no key, in no spelling, while everything runs", () => {
      expect([...new Set(held.map((h) => h.source))]).toEqual(stage.outputs.map((o) => o.name));
      expect(found(held, DATA)).toEqual([]);
      expect(found(held, keys)).toEqual([]);
      console.log(`${held.length} outputs of ${stage.outputs.length} sources, ${held.reduce((sum, h) => sum + h.bytes.length, 0) >> 20} MiB, 0 of ${DATA.needles.length + keys.needles.length} spellings`);
    });

    it("is found in every single output when it is there, in every spelling", () => {
      for (const source of stage.outputs) {
        const bytes = held.find((h) => h.source === source.name)?.bytes ?? Buffer.alloc(0);
        for (const search of [DATA, keys]) {
          const missed = search.needles.filter((needle) => !search.in(planted(bytes, needle)).has(needle.name)).map((n) => `${n.name} in ${source.name}`);
          expect(missed).toEqual([]);
        }
      }
      // Not planted: what the coordinator may know lies where it should.
      expect(found(held, PUBLIC).some((hit) => hit.includes("the coordinator's sockets"))).toBe(true);
    });

    it("is not in the coordinator's memory, during the job and after it, of which all is searched", () => {
      if (during === undefined) {
        console.warn("left out: this machine does not let a process read its child's memory (/proc/PID/mem)");
        return;
      }
      expect([during.pid, [...during.report.found.keys()].filter((name) => !name.startsWith("purpose"))]).toEqual([stage.coordinatorPid, []]);
      const after = searchMemory(stage.coordinatorPid, new Search([...DATA.needles, ...keys.needles, ...PUBLIC.needles]));
      expect([...after.found.keys()].filter((name) => !name.startsWith("purpose"))).toEqual([]);
      // What the coordinator is allowed to know is found there, so something can be found.
      expect([...during.report.found.keys(), ...after.found.keys()].some((name) => name.startsWith("purpose"))).toBe(true);
      console.log(`coordinator: ${during.report.bytes >> 20} MiB searched during the job, ${after.bytes >> 20} MiB after it, 0 of ${DATA.needles.length + keys.needles.length} spellings`);
    });

    it("is no key in the worker's memory a second after the job", async () => {
      if (!memoryReadable(stage.workerPid)) {
        console.warn("left out: this machine does not let a process read its child's memory (/proc/PID/mem)");
        return;
      }
      await sleep(1000);
      const { bytes, found: hits } = searchMemory(stage.workerPid, new Search([...keys.needles, ...DATA.needles]));
      const released = [...hits].filter(([name]) => name.startsWith("the data key") || name.startsWith("the model's key"));
      console.log(`worker: ${bytes >> 20} MiB searched; ${[...hits].map(([name, n]) => `${name}: ${n}`).join("; ") || "nothing"}`);
      expect(released).toEqual([]);
    });

    it("is in no core file of the coordinator: it withholds its memory from one", () => {
      if (!existsSync(`/proc/${stage.coordinatorPid}/coredump_filter`)) return;
      expect(Number.parseInt(readFileSync(`/proc/${stage.coordinatorPid}/coredump_filter`, "utf8"), 16)).toBe(0);
    });

    it("is not shown by commands that fail", () => {
      for (const args of [
        ["identity", "show", "--home", stage.enterprise.folder], ["job", "wait", "00".repeat(32), "--home", stage.platform.folder, "--coordinator", "http://127.0.0.1:9"],
        ["broker", "run", "--home", stage.platform.folder, "--coordinator", "http://127.0.0.1:9", "--anchor", "nonsense"], ["verify", join(stage.enterprise.folder, "keystore.json")],
      ]) {
        const { stdout, stderr } = spawnSync(process.execPath, [join(PACKAGE_ROOT, "bin/veritee.mjs"), ...args], { env: { ...process.env, VERITEE_PASSPHRASE: `${TEXTS.passphrase}x` } });
        expect([...DATA.in(Buffer.concat([stdout, stderr])).keys(), ...keys.in(Buffer.concat([stdout, stderr])).keys()], args.join(" ")).toEqual([]);
      }
    });

    it("is in no file and no row of the coordinator's store afterwards", async () => {
      await stage.halt();
      const files = postgres === undefined ? [] : [folder("the database's own files", await dataOf(postgres()))];
      const stored = await readAll([...stage.stored, ...files]);
      expect(found(stored, DATA)).toEqual([]);
      expect(found(stored, keys)).toEqual([]);
      expect(found(stored, PUBLIC).some((hit) => hit.includes("table grants"))).toBe(true);
    });
  });
}

/** In the middle of what is there. */
function planted(bytes: Buffer, needle: Needle): Buffer {
  const near = bytes.subarray(0, 1000);
  return Buffer.concat([near.subarray(0, near.length >> 1), needle.bytes, near.subarray(near.length >> 1)]);
}

async function* one(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

async function dataOf({ url }: PostgresServer): Promise<string> {
  const db = await openPostgres(url);
  const { rows } = await sql<{ data_directory: string }>`show data_directory`.execute(db).finally(() => db.destroy());
  return rows[0]?.data_directory as string;
}

promises("PGlite");
if (process.env["VERITEE_FAULTS"] === "full") {
  const started = await startPostgres({ fsync: false }).catch((error: unknown) => error as Error);
  if (started instanceof Error) describe.skip(`with its store on PostgreSQL (left out: ${started.message})`, () => { it("is the same", () => undefined); });
  else {
    afterAll(() => started.stop());
    promises("PostgreSQL", () => started);
  }
}
