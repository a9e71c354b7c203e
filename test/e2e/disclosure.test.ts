import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { verifyOnLedger } from "../../src/chain/disclosure.js";
import { disclose, type DisclosureRequest } from "../../src/cli/roles/disclose.js";
import { openOwnResult } from "../../src/cli/roles/enterprise-result.js";
import type { Home } from "../../src/cli/roles/home.js";
import { verifyDisclosureFile } from "../../src/cli/roles/verifier.js";
import { disclosureToJson } from "../../src/protocol/disclosure-file.js";
import type { LedgerAddress } from "../../src/protocol/ids.js";
import type { Disclosure } from "../../src/protocol/objects/index.js";
import { pinnedKeyOf } from "../../src/proofs/pinned-key.js";
import type { Prover } from "../../src/proofs/prover.js";
import { smeInvoice } from "../../src/programs/sme-invoice/program.js";
import { terminate } from "../../src/prover/engine.js";
import { pinnedProver } from "../proofs/harness.js";
import { edgeDataset } from "./datasets.js";
import { PASSPHRASE, startWorld, type Scored, type World } from "./world.js";

const BIN = resolve(import.meta.dirname, "../../bin/veritee.mjs");
const RECIPIENT = "Bank of Examples";
const EXPIRES = 4_102_444_800;

let world: World;
let scored: Scored;
let prover: Prover;
let folder: string;
let receipt: string;

beforeAll(async () => {
  prover = await pinnedProver(["disclose"]);
  world = await startWorld(smeInvoice);
  scored = await world.score(smeInvoice, await edgeDataset(smeInvoice));
  folder = await mkdtemp(join(tmpdir(), "veritee-disclosure-"));
  receipt = join(folder, "receipt.json");
  await writeFile(receipt, JSON.stringify(scored.receipt));
});
afterAll(async () => {
  await terminate();
  await world.stop();
  await rm(folder, { recursive: true, force: true });
});

const show = (home: Home, request: Partial<DisclosureRequest>): Promise<Disclosure> => disclose(home, { prover, key: pinnedKeyOf("disclose") }, {
  receipt: scored.receipt, scoreAtLeast: undefined, gradeAtLeast: undefined, showOwner: false, showModel: false, source: undefined,
  recipient: RECIPIENT, expiresAt: EXPIRES, ...request,
});

/** Offline with the receipt, by the ledger alone, and by the contract. */
async function everywhere(disclosure: Disclosure): Promise<unknown> {
  const file = join(folder, "disclosure.json");
  await writeFile(file, JSON.stringify(disclosureToJson(disclosure)));
  const { rpcUrl, deployment } = world.ledger;
  const offline = await verifyDisclosureFile({ file, recipient: RECIPIENT, receipt, allowDevelopment: true });
  expect(offline.checks.filter((c) => !c.ok)).toEqual([]);
  expect(await verifyDisclosureFile({ file, recipient: RECIPIENT, rpcUrl, allowDevelopment: true })).toMatchObject({ ok: true, chainChecked: true });
  await verifyOnLedger({ rpcUrl, chainId: deployment.chainId }, deployment.disclosureVerifier as LedgerAddress, disclosure);
  return offline.facts;
}

describe("a platform", () => {
  it("shows score, grade, model and whose result it is, to a recipient who believes neither platform nor coordinator", async () => {
    const { score, grade, gradeIndex } = scored.result;
    const facts = await everywhere(await show(world.platform, { scoreAtLeast: score, gradeAtLeast: grade, showOwner: true, showModel: true }));
    expect(facts).toMatchObject({ scoreAtLeast: score, gradeRankAtMost: gradeIndex + 1, owner: scored.dataset.value.owner, recipient: RECIPIENT });
  });

  it("cannot show what is not so", async () => {
    await expect(show(world.platform, { scoreAtLeast: scored.result.score + 1 })).rejects.toMatchObject({ code: "claim_false", facts: { claim: "score" } });
    if (scored.result.gradeIndex > 0) await expect(show(world.platform, { gradeAtLeast: "1" })).rejects.toMatchObject({ code: "claim_false", facts: { claim: "grade" } });
    await expect(show(world.platform, { gradeAtLeast: "AAA" })).rejects.toMatchObject({ code: "input_invalid", facts: { field: "grade-at-least", known: "A, B, C, D" } });
    await expect(show(world.platform, {})).rejects.toMatchObject({ code: "input_invalid", facts: { field: "claim" } });
  });
});

describe("an enterprise", () => {
  it("is told to open its result first", () =>
    expect(show(world.enterprise, { gradeAtLeast: "4" })).rejects.toMatchObject({ code: "not_found", message: expect.stringContaining("veritee result") as string }));

  it("opens its own part and shows its grade, with no word from the platform", async () => {
    const { result, receipt: same } = await openOwnResult(world.enterprise, world.url, scored.job.id);
    expect({ grade: result.grade, detail: result.detail }).toEqual({ grade: scored.result.grade, detail: undefined });
    expect(same).toEqual(scored.receipt);
    const facts = await everywhere(await show(world.enterprise, { gradeAtLeast: result.grade, showOwner: true }));
    expect(facts).toMatchObject({ scoreAtLeast: undefined, owner: scored.dataset.value.owner, model: undefined });
  });

  it("cannot show a score or model that it does not know", async () => {
    await expect(show(world.enterprise, { scoreAtLeast: 1 })).rejects.toMatchObject({ code: "input_invalid" });
    await expect(show(world.enterprise, { gradeAtLeast: "7", showModel: true })).rejects.toMatchObject({ code: "input_invalid", facts: { field: "show-model" } });
  });
});

describe("the commands", () => {
  const veritee = (...args: string[]): { code: number | null; out: string; err: string } => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [BIN, ...args], { encoding: "utf8", cwd: folder, env: { ...process.env, VERITEE_PASSPHRASE: PASSPHRASE } });
    return { code: status, out: stdout, err: stderr };
  };
  const made = (...claim: string[]) =>
    veritee("disclose", receipt, "--home", world.platform.folder, "--to", RECIPIENT, "--expires", "30d", "--out", "shown.json", ...claim);

  it("make and check a disclosure offline", async () => {
    const { code, out, err } = made("--score-at-least", String(scored.result.score), "--json");
    expect({ code, err }).toMatchObject({ code: 0 });
    expect(JSON.parse(out)).toMatchObject({ scoreAtLeast: scored.result.score, recipient: RECIPIENT, developmentParameters: true });
    const checked = veritee("verify", "shown.json", "--recipient", RECIPIENT, "--receipt", receipt, "--allow-development", "--json");
    expect(checked.code, checked.out).toBe(0);
    expect(JSON.parse(checked.out)).toMatchObject({ ok: true, facts: { scoreAtLeast: scored.result.score } });
  });

  it("refuse, with the documented exit codes", () => {
    expect(made("--score-at-least", String(scored.result.score + 1))).toMatchObject({ code: 1, err: expect.stringContaining("claim_false") as string });
    const check = (...args: string[]) => veritee("verify", "shown.json", "--allow-development", ...args);
    expect(check("--receipt", receipt)).toMatchObject({ code: 2, err: expect.stringContaining("--recipient") as string });
    expect(check("--receipt", receipt, "--recipient", "another")).toMatchObject({ code: 1, out: expect.stringContaining("FAIL  recipient") as string });
    expect(check("--recipient", RECIPIENT)).toMatchObject({ code: 1, out: expect.stringContaining("may have made up the result") as string });
  });
});
