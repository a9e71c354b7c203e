import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openSender } from "../../src/chain/sender.js";
import type { ChainSender, CircuitRole } from "../../src/chain/ports.js";
import { R, type Field } from "../../src/protocol/field.js";
import type { LedgerAddress } from "../../src/protocol/ids.js";
import { sha256 } from "../../src/protocol/hash.js";
import { ledgerAddress } from "../../src/protocol/ledger-digest.js";
import { LedgerAccount } from "../../src/chain/account.js";
import { connect } from "../../src/chain/client.js";
import { circuitArgs } from "../../src/chain/encode.js";
import { programRegistryAbi } from "../../src/chain/generated/program-registry.js";
import { sourceRegistryAbi } from "../../src/chain/generated/source-registry.js";
import { CHAIN_ID, FAR, keyFrom, PROGRAM, refusalOf, startWorld, type World } from "./harness/world.js";

let w: World;
let stranger: ChainSender;
let strangerAccount: LedgerAccount;
beforeAll(async () => {
  w = await startWorld("registries");
  const privateKey = keyFrom(w.rng);
  await w.chain.fund(ledgerAddress(privateKey));
  stranger = await openSender({ rpcUrl: w.chain.rpcUrl, deployment: w.deployment, privateKey });
  strangerAccount = await LedgerAccount.open(await connect({ rpcUrl: w.chain.rpcUrl, chainId: CHAIN_ID }), privateKey);
}, 60_000);
afterAll(() => w?.stop());

const refusedFor = (reason: string) => ({ code: "chain_refused", reason });

describe("programs", () => {
  it("are shown with the hash of their key and their label", async () => {
    expect(await w.reader.program(PROGRAM)).toMatchObject({ keySha256: sha256(w.key.bytes), developmentParameters: true, retired: false });
    expect(await w.reader.program("unknown/1")).toBeUndefined();
  });

  it("never change once registered, not even after retirement", async () => {
    const registration = { program: "fixed/1", key: w.key.bytes, artefactHash: w.rng.bytes(32), developmentParameters: false };
    await w.sender.registerProgram(registration);
    expect(await refusalOf(w.sender.registerProgram(registration))).toEqual(refusedFor("CircuitKnown"));
    await w.sender.retireProgram("fixed/1");
    expect(await refusalOf(w.sender.registerProgram(registration))).toEqual(refusedFor("CircuitKnown"));
    expect(await w.reader.program("fixed/1")).toMatchObject({ retired: true, developmentParameters: false });
    expect(await refusalOf(w.sender.retireProgram("unknown/1"))).toEqual(refusedFor("CircuitUnknown"));
  });

  it("refuse keys whose length no key has", async () => {
    for (const length of [0, 448, 511, 513, w.key.bytes.length - 1]) {
      const key = w.rng.bytes(length);
      const registration = { program: `length-${length}/1`, key, artefactHash: w.rng.bytes(32), developmentParameters: true };
      expect(await refusalOf(w.sender.registerProgram(registration)), `${length}`).toEqual(refusedFor("KeyMalformed"));
    }
  });

  it("refuse the key of a setup that nobody contributed to: delta equals gamma", async () => {
    const key = new Uint8Array(w.key.bytes);
    key.copyWithin(320, 192, 320);
    const registration = { program: "zero/1", key, artefactHash: w.rng.bytes(32), developmentParameters: true };
    expect(await refusalOf(w.sender.registerProgram(registration))).toEqual(refusedFor("KeyWithoutContribution"));
  });

  it("are the registrar's alone", async () => {
    const registration = { program: "stranger/1", key: w.key.bytes, artefactHash: w.rng.bytes(32), developmentParameters: false };
    expect(await refusalOf(stranger.registerProgram(registration))).toEqual(refusedFor("NotRegistrar"));
    expect(await refusalOf(stranger.retireProgram(PROGRAM))).toEqual(refusedFor("NotRegistrar"));
  });
});

describe("models", () => {
  it("keep the block of their first registration, whoever repeats it", async () => {
    const model = w.rng.field();
    expect(await w.reader.modelBlock(model)).toBeUndefined();
    const first = await w.sender.registerModel(model);
    await stranger.registerModel(model);
    expect(await w.reader.modelBlock(model)).toBe(first.blockNumber);
  });

  it("are field elements", async () => {
    for (const model of [0n, R, R + 1n]) {
      expect(await refusalOf(w.sender.registerModel(model as Field))).toEqual(refusedFor("ModelOutOfRange"));
    }
  });
});

describe("circuits", () => {
  const registration = (role: CircuitRole, program: string | undefined) =>
    ({ role, program, key: w.ingestKey.bytes, artefactHash: w.rng.bytes(32), developmentParameters: true });

  it("are known by role and program: no key serves two statements", async () => {
    await w.sender.registerCircuit(registration("disclose", undefined));
    expect(await w.reader.circuit("disclose", undefined)).toMatchObject({ keySha256: sha256(w.ingestKey.bytes), retired: false });
    expect(await w.reader.circuit("disclose", PROGRAM)).toBeUndefined();
    expect(await w.reader.circuit("score", undefined)).toBeUndefined();
    expect((await w.reader.circuit("ingest", PROGRAM))?.keySha256).not.toEqual((await w.reader.circuit("score", PROGRAM))?.keySha256);
  });

  it("never change, are retired one by one, and are the registrar's alone", async () => {
    const other = registration("ingest", "circuits/1");
    expect(await refusalOf(stranger.registerCircuit(other))).toEqual(refusedFor("NotRegistrar"));
    await w.sender.registerCircuit(other);
    expect(await refusalOf(w.sender.registerCircuit(other))).toEqual(refusedFor("CircuitKnown"));
    await w.sender.registerCircuit(registration("dataset", "circuits/1"));
    expect(await refusalOf(stranger.retireCircuit("ingest", "circuits/1"))).toEqual(refusedFor("NotRegistrar"));
    await w.sender.retireCircuit("ingest", "circuits/1");
    expect(await w.reader.circuit("ingest", "circuits/1")).toMatchObject({ retired: true });
    expect(await w.reader.circuit("dataset", "circuits/1")).toMatchObject({ retired: false });
    expect(await refusalOf(w.sender.registerCircuit(other))).toEqual(refusedFor("CircuitKnown"));
  });

  it("have 1 to 16 signals", async () => {
    const key = (signals: number) => w.rng.bytes(448 + 64 * (signals + 1));
    for (const signals of [0, 17]) {
      const wrong = { ...registration("ingest", `signals-${signals}/1`), key: key(signals) };
      expect(await refusalOf(w.sender.registerCircuit(wrong)), `${signals}`).toEqual(refusedFor("KeyMalformed"));
    }
    for (const signals of [1, 16]) await w.sender.registerCircuit({ ...registration("ingest", `signals-${signals}/1`), key: key(signals) });
  });
});

describe("sources", () => {
  it("have a class of 1 to 5, given once, until they are retired for good", async () => {
    for (const sourceClass of [1, 5]) {
      const account = ledgerAddress(keyFrom(w.rng));
      expect(await w.reader.sourceOf(account)).toBeUndefined();
      await w.sender.registerSource(account, sourceClass);
      expect(await w.reader.sourceOf(account)).toEqual({ sourceClass, retired: false });
      expect(await refusalOf(w.sender.registerSource(account, 3))).toEqual(refusedFor("SourceKnown"));
      await w.sender.retireSource(account);
      expect(await w.reader.sourceOf(account)).toEqual({ sourceClass, retired: true });
      expect(await refusalOf(w.sender.registerSource(account, sourceClass))).toEqual(refusedFor("SourceKnown"));
    }
    for (const sourceClass of [0, 6, 255]) {
      expect(await refusalOf(w.sender.registerSource(ledgerAddress(keyFrom(w.rng)), sourceClass)), `${sourceClass}`).toEqual(refusedFor("ClassOutOfRange"));
    }
    expect(await refusalOf(w.sender.registerSource("0".repeat(40) as LedgerAddress, 1))).toEqual(refusedFor("SourceIsZero"));
    expect(await refusalOf(w.sender.retireSource(ledgerAddress(keyFrom(w.rng))))).toEqual(refusedFor("SourceUnknown"));
  });

  it("are the registrar's alone, and a retired one has no class", async () => {
    const account = ledgerAddress(keyFrom(w.rng));
    const { viem } = await connect({ rpcUrl: w.chain.rpcUrl, chainId: CHAIN_ID });
    const classOf = () => viem.readContract({ address: `0x${w.deployment.sourceRegistry}`, abi: sourceRegistryAbi, functionName: "classOf", args: [`0x${account}`] });
    expect(await refusalOf(stranger.registerSource(account, 1))).toEqual(refusedFor("NotRegistrar"));
    await w.sender.registerSource(account, 4);
    expect(await refusalOf(stranger.retireSource(account))).toEqual(refusedFor("NotRegistrar"));
    expect(await classOf()).toBe(4n);
    await w.sender.retireSource(account);
    expect(await classOf()).toBe(0n);
  });
});

describe("workers", () => {
  it("are the registrar's alone", async () => {
    expect(await refusalOf(stranger.registerWorker(stranger.account, w.rng.bytes(32), FAR, "sim"))).toEqual(refusedFor("NotRegistrar"));
    expect(await refusalOf(stranger.revokeWorker(ledgerAddress(w.workerKey)))).toEqual(refusedFor("NotRegistrar"));
  });

  it("are renewed with new evidence", async () => {
    const account = ledgerAddress(keyFrom(w.rng));
    const [first, second] = [w.rng.bytes(32), w.rng.bytes(32)];
    await w.sender.registerWorker(account, first, FAR - 1, "sim");
    await w.sender.registerWorker(account, second, FAR, "amd");
    expect(await w.reader.worker(account)).toEqual({ evidenceDigest: second, notAfter: FAR, revoked: false, anchor: "amd", active: true });
  });

  it("cannot be the zero address, nor be revoked before they are known", async () => {
    const zero = "0".repeat(40) as ReturnType<typeof ledgerAddress>;
    expect(await refusalOf(w.sender.registerWorker(zero, w.rng.bytes(32), FAR, "sim"))).toEqual(refusedFor("WorkerIsZero"));
    expect(await refusalOf(w.sender.revokeWorker(ledgerAddress(keyFrom(w.rng))))).toEqual(refusedFor("WorkerUnknown"));
    expect(await w.reader.worker(ledgerAddress(keyFrom(w.rng)))).toBeUndefined();
  });
});

describe("the registrar's role", () => {
  it("moves in two steps, and only by the one who holds it", async () => {
    const registry = { address: `0x${w.deployment.programRegistry}`, abi: programRegistryAbi } as const;
    const registrarCall = async (functionName: string, args: readonly unknown[]) => {
      const account = await LedgerAccount.open(await connect({ rpcUrl: w.chain.rpcUrl, chainId: CHAIN_ID }), w.registrarKey);
      return account.call({ ...registry, functionName, args });
    };
    expect(await refusalOf(strangerAccount.call({ ...registry, functionName: "nominateRegistrar", args: [`0x${stranger.account}`] })))
      .toEqual(refusedFor("NotRegistrar"));
    expect(await refusalOf(strangerAccount.call({ ...registry, functionName: "acceptRegistrar", args: [] }))).toEqual(refusedFor("NotNominated"));
    await registrarCall("nominateRegistrar", [`0x${stranger.account}`]);
    expect(await refusalOf(stranger.retireProgram(PROGRAM))).toEqual(refusedFor("NotRegistrar"));
    await strangerAccount.call({ ...registry, functionName: "acceptRegistrar", args: [] });
    expect(await refusalOf(registrarCall("nominateRegistrar", [`0x${w.sender.account}`]))).toEqual(refusedFor("NotRegistrar"));
    expect((await refusalOf(strangerAccount.call({ ...registry, functionName: "retireCircuit", args: circuitArgs("score", "unknown/1") }))).reason)
      .toBe("CircuitUnknown");
  });
});
