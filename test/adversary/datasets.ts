// Dataset proofs judged by the contract that registers proved leaves and by the library that verifies them anywhere.
import { insertArgs, stepsArgs, with0x } from "../../src/chain/encode.js";
import { refused } from "../../src/chain/errors.js";
import { provedDatasetRegistryAbi } from "../../src/chain/generated/proved-dataset-registry.js";
import type { Steps } from "../../src/chain/ports.js";
import { VeriteeError } from "../../src/protocol/errors.js";
import { endorseDigest, insertDigest, ledgerAddress, recoverLedger, signLedger, sourceKeyOf } from "../../src/protocol/ledger-digest.js";
import type { DatasetProof } from "../../src/protocol/objects/index.js";
import { verifyDatasetProof } from "../../src/proofs/dataset-proof.js";
import { CHAIN_ID } from "./ground.js";
import { ACCEPTED, refusedBy, type Verdict } from "./play.js";
import type { Stage } from "./stage.js";

/** @param twinEvery how often the library is asked as well; it must agree */
export function datasetJudge(stage: Stage, { twinEvery }: { twinEvery: number }) {
  const { ground, parties } = stage;
  const { viem, deployment, reader } = ground;
  const owner = ground.authorityOf(parties.datasets.endorsed);
  let asked = 0;

  async function call(functionName: "insert" | "proveSteps", args: readonly unknown[]): Promise<string | undefined> {
    try {
      await viem.simulateContract({ address: with0x(deployment.provedDatasetRegistry), abi: provedDatasetRegistryAbi, functionName, args } as never);
      return undefined;
    } catch (error) {
      const { reason } = refused(functionName, error).facts;
      if (reason === undefined) throw error;
      return String(reason);
    }
  }
  /** Proofs, source and endorsement without a chain's help but for its list of sources. */
  async function twin(proof: DatasetProof): Promise<boolean> {
    try {
      verifyDatasetProof(proof);
      if (proof.sourceClass === 0) return proof.endorsement === undefined;
      const digest = endorseDigest({ chainId: CHAIN_ID, contract: deployment.sourceRegistry }, proof.program, proof.leaf);
      const account = recoverLedger(digest, proof.endorsement ?? new Uint8Array());
      const source = await reader.sourceOf(account);
      return source !== undefined && !source.retired && source.sourceClass === proof.sourceClass && sourceKeyOf(account) === proof.sourceKey;
    } catch (error) {
      if (error instanceof VeriteeError) return false;
      throw error;
    }
  }
  const ABOUT_PROOFS = ["IngestProofInvalid", "DatasetProofInvalid", "EndorsementInvalid", "SourceMismatch", "StatesDoNotMeet", "StepCount"];

  return {
    /** The leaf signed for by its authority, whoever that is. */
    async judge(proof: DatasetProof, key: Uint8Array = owner, signature = signLedger(insertDigest(ground.provedPlace, proof.leaf), key)): Promise<Verdict> {
      const reason = await call("insert", insertArgs({ proof, authority: ledgerAddress(key), signature }, 0));
      if ((reason === undefined || ABOUT_PROOFS.includes(reason)) && asked++ % twinEvery === 0 && (await twin(proof)) !== (reason === undefined)) {
        throw new Error(`registry and library differ: ${reason ?? "accepted"}`);
      }
      return reason === undefined ? ACCEPTED : refusedBy(`proved registry: ${reason}`);
    },
    async judgeSteps(steps: Steps): Promise<Verdict> {
      const reason = await call("proveSteps", stepsArgs(steps));
      return reason === undefined ? ACCEPTED : refusedBy(`proved registry: ${reason}`);
    },
  };
}
