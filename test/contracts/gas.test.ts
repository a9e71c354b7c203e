import { readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, expect, it } from "vitest";
import { LedgerAccount } from "../../src/chain/account.js";
import { connect } from "../../src/chain/client.js";
import { disclosureCall } from "../../src/chain/disclosure.js";
import type { Submission } from "../../src/chain/ports.js";
import { rpc } from "../../src/chain/rpc.js";
import { toHex } from "../../src/protocol/bytes.js";
import { disclosureSignals } from "../../src/protocol/disclosure.js";
import type { Field } from "../../src/protocol/field.js";
import { partyKey, type LedgerAddress } from "../../src/protocol/ids.js";
import type { Disclosure } from "../../src/protocol/objects/disclosure.js";
import { ledgerAddress } from "../../src/protocol/ledger-digest.js";
import { simulatedKey } from "./harness/groth16.js";
import { seeded } from "./harness/rng.js";
import { CHAIN_ID, FAR, keyFrom, PROGRAM, refusalOf, startWorld, type World } from "./harness/world.js";

// Keys, proofs and values come from a seed and the contracts' addresses from it: gas is the same to the unit in every
// run. UPDATE_GAS=1 writes contracts/gas.json anew.

const snapshot = new URL("../../contracts/gas.json", import.meta.url);
const FULL = 2 ** 20;
/** Key and value. */
const SLOT_BYTES = 64;

let w: World;
beforeAll(async () => { w = await startWorld("gas"); }, 60_000);
afterAll(() => w?.stop());

const batch = async (k: number): Promise<Submission[]> => {
  const submissions: Submission[] = [];
  for (let i = 0; i < k; i++) submissions.push(w.submission(await w.signals()));
  return submissions;
};

const REGISTRATION: Readonly<Record<string, string>> = {
  [`score ${PROGRAM}`]: "gas.program.register", [`ingest ${PROGRAM}`]: "gas.circuit.register.ingest", [`dataset ${PROGRAM}`]: "gas.circuit.register.dataset",
};

/** Slots of the contracts that a transaction changed. */
async function slotsWritten(txHash: string): Promise<number> {
  const options = { tracer: "prestateTracer", tracerConfig: { diffMode: true } };
  const { post } = await rpc(w.chain.rpcUrl, "debug_traceTransaction", [`0x${txHash}`, options]) as
    { post: Readonly<Record<string, { readonly storage?: Readonly<Record<string, string>> }>> };
  return Object.values(post).reduce((slots, { storage }) => slots + Object.keys(storage ?? {}).length, 0);
}

/** A tree of a given size without its million insertions: writes size and depth (slots 0 and 1). */
async function pretendSize(size: number): Promise<void> {
  const word = (v: number): string => `0x${v.toString(16).padStart(64, "0")}`;
  for (const [slot, value] of [[0, size], [1, Math.ceil(Math.log2(size))]] as const) {
    await rpc(w.chain.rpcUrl, "anvil_setStorageAt", [`0x${w.deployment.datasetRegistry}`, word(slot), word(value)]);
  }
}

/** A disclosure of a score and whose it is, checked on chain; and what registering its circuit takes. */
async function disclosureGas(): Promise<Record<string, number>> {
  const rng = seeded("gas: disclosure");
  const key = simulatedKey(rng, 6);
  const registered = await w.sender.registerCircuit({ role: "disclose", program: undefined, key: key.bytes, artefactHash: rng.bytes(32), developmentParameters: true });
  const signals = await w.signals();
  await w.sender.submitReceipt(w.submission(signals));

  const context = { chainId: CHAIN_ID, ledger: w.deployment.receiptLedger, jobBinding: signals.jobBinding, recipient: "Bank of Examples", expiresAt: FAR };
  const claim = { scoreAtLeast: 600, gradeAtMost: undefined, owner: partyKey(toHex(rng.bytes(32))), model: undefined };
  const { resultCommitment } = signals;
  const proof = key.prove(disclosureSignals(resultCommitment, claim, context));
  const disclosure: Disclosure = { context, claim, resultCommitment, proof, verificationKeySha256: rng.bytes(32), developmentParameters: true };
  const account = await LedgerAccount.open(await connect({ rpcUrl: w.chain.rpcUrl, chainId: CHAIN_ID }), w.registrarKey);
  const verified = await account.call(disclosureCall(w.deployment.disclosureVerifier as LedgerAddress, disclosure));
  return { "gas.circuit.register.disclose": registered.gasUsed, "gas.disclosure.verify": verified.gasUsed };
}

it("costs exactly what contracts/gas.json says, and a full tree takes no more", async () => {
  const gas: Record<string, number> = Object.fromEntries(
    Object.entries(w.deployGas).map(([step, used]) => [REGISTRATION[step] ?? `gas.deploy.${step}`, used]));

  for (let size = 1; size <= 64; size++) {
    const { gasUsed } = await w.insert(w.rng.field());
    if ([1, 2, 16, 64].includes(size)) gas[`gas.leaf.insert.${size}`] = gasUsed;
  }
  gas["gas.receipt.k1"] = (await w.sender.submitReceipt(w.submission(await w.signals()))).gasUsed;
  for (const k of [4, 8, 16, 32]) {
    const { gasUsed, txHash } = await w.sender.submitReceipts(await batch(k));
    gas[`gas.receipt.k${k}`] = Math.ceil(gasUsed / k);
    if (k === 32) gas["chain.bytesPerReceipt"] = (await slotsWritten(txHash) / k) * SLOT_BYTES;
  }

  const leaf = (await w.reader.leafEvents(0))[20]?.leaf;
  if (leaf === undefined) throw new Error("no leaf 20");
  gas["gas.leaf.revoke.64"] = (await w.revoke(leaf)).gasUsed;
  gas["gas.model.register"] = (await w.sender.registerModel(w.rng.field())).gasUsed;
  gas["gas.worker.register"] = (await w.sender.registerWorker(ledgerAddress(keyFrom(w.rng)), w.rng.bytes(32), FAR, "sim")).gasUsed;

  const source = keyFrom(w.rng);
  gas["gas.source.register"] = (await w.sender.registerSource(ledgerAddress(source), 1)).gasUsed;
  // A first leaf, so that those measured do not also pay for slots that are written once in the registry's life.
  await w.insertProved(w.provedLeaf(0));
  for (const chunks of [1, 6, 30, 70]) gas[`gas.leaf.proved.${chunks}`] = (await w.insertProved(w.provedLeaf(chunks))).gasUsed;
  gas["gas.leaf.proved.endorsed.6"] = (await w.insertProved(w.provedLeaf(6, w.endorsed(source, 1)))).gasUsed;
  const { proof } = w.provedLeaf(64);
  gas["gas.steps.64"] = (await w.sender.proveSteps({ ...proof, start: proof.states[0] as Field })).gasUsed;
  for (const k of [1, 32]) {
    const submissions: Submission[] = [];
    for (let i = 0; i < k; i++) submissions.push(w.submission(await w.signals({ registryRoot: await w.reader.provedRoot() })));
    const mined = await (k === 1 ? w.sender.submitReceipt(submissions[0] as Submission) : w.sender.submitReceipts(submissions));
    gas[`gas.receipt.proved.k${k}`] = Math.ceil(mined.gasUsed / k);
  }

  await pretendSize(FULL - 1);
  gas[`gas.leaf.insert.${FULL}`] = (await w.insert(w.rng.field())).gasUsed;
  expect(await refusalOf(w.insert(w.rng.field()))).toEqual({ code: "chain_refused", reason: "TreeFull" });
  Object.assign(gas, await disclosureGas());

  console.log(gas);
  expect(gas["gas.receipt.k32"]).toBeLessThanOrEqual(95_000);
  // Saying that a dataset was proved costs a receipt next to nothing, and no storage.
  expect(gas["gas.receipt.proved.k32"]).toBeLessThanOrEqual((gas["gas.receipt.k32"] as number) + 300);
  if (process.env["UPDATE_GAS"] === "1") writeFileSync(snapshot, `${JSON.stringify(gas, null, 2)}\n`);
  expect(gas).toEqual(JSON.parse(readFileSync(snapshot, "utf8")));
}, 600_000);
