// The ledger that the play is about: real contracts with the pinned keys, and a history of roots, workers and sources.
import { startDevChain } from "../../src/chain/devchain.js";
import { connect } from "../../src/chain/client.js";
import { RegistryMirror, provedMirror } from "../../src/chain/mirror.js";
import { openReader } from "../../src/chain/reader.js";
import { rpc } from "../../src/chain/rpc.js";
import { openSender } from "../../src/chain/sender.js";
import { deployAll } from "../../src/cli/roles/ledger.js";
import type { Field } from "../../src/protocol/field.js";
import { insertDigest, ledgerAddress, ledgerKeyFromRandom, revokeDigest, signLedger } from "../../src/protocol/ledger-digest.js";
import type { DatasetProof } from "../../src/protocol/objects/dataset-proof.js";
import type { MerklePath } from "../../src/programs/score-input.js";
import { keyFrom } from "../contracts/harness/world.js";
import { seeded } from "../contracts/harness/rng.js";
import { digestOf, workerKeys } from "./liar.js";
import type { Parties, Sealed } from "./parties.js";

export const CHAIN_ID = 31_337;
const FAR = 4_102_444_800;
const OLDER_THAN_WINDOW = 257;
const LIFETIME_SECONDS = 60;

export type Ground = Awaited<ReturnType<typeof openGround>>;

/**
 * @param evil a leaf of the liar's own making, which anybody may register as unproved
 * @param askedProof that of the dataset that the jobs are about
 */
export async function openGround(seed: string, parties: Parties, evil: Field, askedProof: DatasetProof) {
  const rng = seeded(`${seed}: ground`);
  const chain = await startDevChain({ chainId: CHAIN_ID });
  const registrarKey = ledgerKeyFromRandom(rng.bytes(48));
  await chain.fund(ledgerAddress(registrarKey));
  const deployment = await deployAll(chain.rpcUrl, CHAIN_ID, registrarKey);
  const sender = await openSender({ rpcUrl: chain.rpcUrl, deployment, privateKey: registrarKey });
  const reader = await openReader(chain.rpcUrl, deployment);
  const { viem } = await connect({ rpcUrl: chain.rpcUrl, chainId: CHAIN_ID });

  const now = (await reader.head()).time;
  const [liar, revoked, expired, unknown] = ["liar", "revoked", "expired", "unknown"].map((name) => workerKeys(`${seed}: ${name}`, now));
  if (liar === undefined || revoked === undefined || expired === undefined || unknown === undefined) throw new Error("no workers");
  await sender.registerWorker(liar.identity.ledgerAddress, digestOf(liar), FAR, "sim");
  await sender.registerWorker(revoked.identity.ledgerAddress, digestOf(revoked), FAR, "sim");
  await sender.revokeWorker(revoked.identity.ledgerAddress);
  await sender.registerWorker(expired.identity.ledgerAddress, digestOf(expired), now + LIFETIME_SECONDS, "sim");
  await rpc(chain.rpcUrl, "evm_increaseTime", [2 * LIFETIME_SECONDS]);
  await sender.registerSource(ledgerAddress(parties.bankKey), 1);
  await sender.registerSource(ledgerAddress(parties.retiredBankKey), 1);
  await sender.retireSource(ledgerAddress(parties.retiredBankKey));

  const place = { chainId: CHAIN_ID, contract: deployment.datasetRegistry };
  const provedPlace = { chainId: CHAIN_ID, contract: deployment.provedDatasetRegistry };
  const mirror = new RegistryMirror(reader);
  const liarsAuthority = keyFrom(rng);
  const authorityOf = ({ owner, manifest: { value } }: Sealed) => owner.registryAuthority(value.datasetId, value.datasetVersion).privateKey;
  const insert = async (leaf: Field, key: Uint8Array) => sender.insertLeaf(leaf, ledgerAddress(key), signLedger(insertDigest(place, leaf), key));
  const register = async (sealed: Sealed) => insert(sealed.manifest.value.leaf, authorityOf(sealed));
  const { asked, withdrawn, later, otherDay, stranger, endorsed } = parties.datasets;

  await register(asked);
  await register(withdrawn);
  const withdrawnPath: MerklePath = await mirror.proof(withdrawn.manifest.value.leaf);
  const beforeRevocation: MerklePath = await mirror.proof(asked.manifest.value.leaf);
  await sender.revokeLeaf(withdrawn.manifest.value.leaf, withdrawnPath.siblings as Field[], signLedger(revokeDigest(place, withdrawn.manifest.value.leaf), authorityOf(withdrawn)));
  const beforeWindow: MerklePath = await mirror.proof(asked.manifest.value.leaf);
  await register(later);
  await chain.mine(OLDER_THAN_WINDOW);
  for (const sealed of [otherDay, stranger, endorsed]) await register(sealed);
  await insert(evil, liarsAuthority);
  const authority = authorityOf(asked);
  await sender.insertProvedLeaf({
    proof: askedProof, authority: ledgerAddress(authority), signature: signLedger(insertDigest(provedPlace, askedProof.leaf), authority),
  }, 0);

  const proved = provedMirror(reader);
  const leafOf = ({ manifest }: Sealed): Field => manifest.value.leaf;
  const pathOf = (leaf: Field): Promise<MerklePath> => mirror.proof(leaf);
  const paths = {
    asked: await pathOf(leafOf(asked)), later: await pathOf(leafOf(later)), otherDay: await pathOf(leafOf(otherDay)),
    stranger: await pathOf(leafOf(stranger)), endorsed: await pathOf(leafOf(endorsed)), evil: await pathOf(evil),
    withdrawn: withdrawnPath, beforeRevocation, beforeWindow, askedProved: (await proved.proof(leafOf(asked))) as MerklePath,
  };
  return {
    chain, deployment, sender, reader, viem, liar, revoked, expired, unknown, liarsAuthority, authorityOf, paths, place, provedPlace,
    /** Does something on the chain and takes all of it back. */
    undone: async <T>(deed: () => Promise<T>): Promise<T> => {
      const snapshot = await rpc(chain.rpcUrl, "evm_snapshot", []);
      try {
        return await deed();
      } finally {
        await rpc(chain.rpcUrl, "evm_revert", [snapshot]);
      }
    },
    stop: () => chain.stop(),
  };
}
