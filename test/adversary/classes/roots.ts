import { refused } from "../../../src/chain/errors.js";
import { datasetRegistryAbi } from "../../../src/chain/generated/dataset-registry.js";
import { merkleRoot } from "../../../src/protocol/commitments.js";
import { toHex } from "../../../src/protocol/bytes.js";
import type { Field } from "../../../src/protocol/field.js";
import { insertDigest, revokeDigest, signLedger } from "../../../src/protocol/ledger-digest.js";
import { with0x } from "../../../src/chain/encode.js";
import type { AttackClass, Verdict } from "../play.js";
import { ACCEPTED, refusedBy } from "../play.js";
import type { Draw } from "../draw.js";
import type { Stage } from "../stage.js";

/** Roots that are old, revoked, made up or of something else. */
export function rootLies(stage: Stage): AttackClass {
  const { ground, receipts, told, parties } = stage;
  const { paths, deployment } = ground;
  const { withdrawn, asked } = parties.datasets;

  async function toRegistry(functionName: "insert" | "revoke", args: readonly unknown[]): Promise<Verdict> {
    try {
      await ground.viem.simulateContract({ address: with0x(deployment.datasetRegistry), abi: datasetRegistryAbi, functionName, args } as never);
      return ACCEPTED;
    } catch (error) {
      const { facts } = refused(functionName, error);
      if (facts["reason"] === undefined) throw error;
      return refusedBy(`registry: ${String(facts["reason"])}`);
    }
  }
  /** A root that a path of somebody's leads to from somewhere else. */
  function madeUp(draw: Draw): Field {
    const path = draw.pick(Object.values(paths).filter((p) => p.siblings.length > 0));
    const start = draw.pick([stage.evilLeaf, withdrawn.manifest.value.leaf, draw.field()]);
    const up = draw.int(path.siblings.length);
    return merkleRoot(start, (path.index ^ (1 << up)) >>> 0, path.siblings as Field[]);
  }
  const provedUnder = (name: string) => ({
    name: `truly proved under a root that no longer counts (${name})`, share: 8, slow: true,
    attempt: async (draw: Draw) => {
      const old = await told(name);
      const other = draw.pick([old.signals.registryRoot, paths.asked.root, paths.askedProved.root]);
      return receipts.judge({ ...old, signals: { ...old.signals, registryRoot: other } });
    },
  });
  const signed = (digest: Uint8Array, key: Uint8Array): string => `0x${toHex(signLedger(digest, key))}`;

  return {
    name: "roots",
    weight: 9,
    controls: {
      "current root": async () => receipts.judge(await told("open")),
      "current root of proved datasets": async () => receipts.judge(await told("demanding")),
      "revocation by the owner": () => toRegistry("revoke", [asked.manifest.value.leaf, paths.asked.siblings, signed(revokeDigest(ground.place, asked.manifest.value.leaf), ground.authorityOf(asked))]),
    },
    moves: [
      provedUnder("beforeWindow"), provedUnder("beforeRevocation"), provedUnder("withdrawn"),
      { name: "superseded, revoked or made-up root with the honest proof", share: 40, attempt: async (draw) => {
        const honest = await told(draw.pick(["open", "demanding"]));
        const registryRoot = draw.pick<() => Field>([
          () => paths.beforeWindow.root, () => paths.beforeRevocation.root, () => paths.withdrawn.root, () => madeUp(draw), () => madeUp(draw), () => draw.field(), () => 0n as Field,
          () => stage.evilLeaf, () => asked.manifest.value.leaf, () => asked.manifest.value.datasetRoot,
        ])();
        // The root of a tree of one leaf is that leaf: told as such it is the honest receipt.
        const other = registryRoot === honest.signals.registryRoot ? draw.field() : registryRoot;
        return receipts.judge({ ...honest, signals: { ...honest.signals, registryRoot: other } });
      } },
      { name: "the other registry's root", share: 12, attempt: async (draw) => {
        const [name, path] = draw.pick([["open", paths.askedProved], ["demanding", paths.asked]] as const);
        const honest = await told(name);
        return receipts.judge({ ...honest, signals: { ...honest.signals, registryRoot: path.root } });
      } },
      { name: "a withdrawn leaf registered again", share: 10, attempt: (draw) => {
        const { leaf, registryAuthority } = withdrawn.manifest.value;
        const key = draw.pick([ground.authorityOf(withdrawn), ground.liarsAuthority]);
        return toRegistry("insert", [leaf, with0x(registryAuthority), draw.int(2) === 0 ? signed(insertDigest(ground.place, leaf), key) : `0x${toHex(draw.bytes(65))}`]);
      } },
      { name: "revocation in the owner's name", share: 10, attempt: (draw) => {
        const { leaf } = asked.manifest.value;
        return toRegistry("revoke", [leaf, paths.asked.siblings, draw.pick([
          () => signed(revokeDigest(ground.place, leaf), ground.liarsAuthority),
          () => signed(insertDigest(ground.place, leaf), ground.authorityOf(asked)),
          () => signed(revokeDigest(ground.provedPlace, leaf), ground.authorityOf(asked)),
          () => `0x${toHex(draw.bytes(65))}`,
        ])()]);
      } },
    ],
  };
}
