import { fromHex } from "../../../src/protocol/bytes.js";
import { ledgerProgramId, signLedger } from "../../../src/protocol/ledger-digest.js";
import { keyFrom } from "../../contracts/harness/world.js";
import { seeded } from "../../contracts/harness/rng.js";
import { certify, workerKeys } from "../liar.js";
import { CHAIN_ID } from "../ground.js";
import type { Draw } from "../draw.js";
import type { AttackClass } from "../play.js";
import { word, wordsOf, type Told } from "../receipts.js";
import type { Stage } from "../stage.js";

const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

/** Keys that are not attested, not registered, no longer or not yet good; signatures over something else. */
export function keyLies(stage: Stage): AttackClass {
  const { ground, receipts, told } = stage;
  const { liar, revoked, expired, unknown, deployment } = ground;
  const judge = async (lie: (honest: Told) => Partial<Told>) => {
    const honest = await told("open");
    return receipts.judge({ ...honest, ...lie(honest) });
  };
  const asUint = (b: Uint8Array): bigint => BigInt(`0x${Buffer.from(b).toString("hex")}`);

  /** A signature by the liar's own key, over something else or in another form. */
  function otherSignature(draw: Draw, honest: Told): Uint8Array {
    const [id, words] = [ledgerProgramId("sme-invoice/1"), wordsOf(honest.signals)];
    const good = receipts.signed(id, words);
    const over = (digest: Uint8Array): Uint8Array => signLedger(digest, liar.ledger);
    return draw.pick<() => Uint8Array>([
      () => over(receipts.digestOf(id, words, deployment.datasetRegistry)),
      () => over(receipts.digestOf(id, words, deployment.receiptLedger, CHAIN_ID + 1 + draw.int(1000))),
      () => over(receipts.digestOf(ledgerProgramId("retail-account/1"), words)),
      () => over(receipts.digestOf(id, words.map((w, i) => (i === draw.int(5) ? w + 1n : w).valueOf() + (i === 2 ? 1n : 0n)))),
      () => over(draw.bytes(32)),
      () => good.map((b, i) => (i === draw.int(64) ? b ^ (1 << draw.int(8)) : i === 0 ? b ^ 1 : b)),
      () => Uint8Array.of(...good.subarray(0, 64), good[64] === 27 ? 28 : 27),
      () => Uint8Array.of(...good.subarray(0, 64), draw.pick([0, 1, 26, 29, 255])),
      () => Uint8Array.of(...good.subarray(0, 32), ...word(ORDER - asUint(good.subarray(32, 64))), (good[64] as number) === 27 ? 28 : 27),
      () => good.subarray(0, draw.int(65)),
      () => Uint8Array.of(...good, 0),
    ])();
  }

  return {
    name: "keys and signatures",
    weight: 12,
    controls: { "registered worker, right signature": () => judge(() => ({})) },
    moves: [
      { name: "unregistered key", share: 20, attempt: (draw) => {
        const ledger = keyFrom(seeded(draw.field().toString()));
        return judge((honest) => ({ ledgerSignature: receipts.signed(ledgerProgramId("sme-invoice/1"), wordsOf(honest.signals), { ...unknown, ledger }) }));
      } },
      { name: "attested but unregistered, revoked or expired worker", share: 12, attempt: (draw) => judge(() => ({ keys: draw.pick([unknown, revoked, expired]) })) },
      { name: "ledger signature of something else", share: 36, attempt: (draw) => judge((honest) => ({ ledgerSignature: otherSignature(draw, honest) })) },
      { name: "evidence that vouches for nothing", share: 2, attempt: (draw) => {
        const { identity, certificate } = liar;
        const at = certificate.appraisedAt;
        const other = workerKeys(draw.field().toString(), at);
        return judge(() => draw.pick<() => Partial<Told>>([
          () => ({ certificate: certify(identity, certificate.nonce, at, { foreignRoot: true }) }),
          () => ({ certificate: certify(identity, certificate.nonce, at, { tampered: true }) }),
          () => ({ certificate: certify(other.identity, certificate.nonce, at) }),
          () => ({ certificate: { ...certify(other.identity, certificate.nonce, at), worker: identity } }),
          () => ({ certificate: { nonce: draw.bytes(32) } }),
          () => ({ certificate: certify(identity, draw.bytes(32), at) }),
          () => ({ certificate: { appraisedAt: at + draw.sign() * (400 + draw.int(100_000)) } }),
        ])());
      } },
      { name: "receipt or result in another worker's name", share: 2, attempt: (draw) => {
        const other = workerKeys(draw.field().toString(), liar.certificate.appraisedAt);
        return judge(() => draw.pick<() => Partial<Told>>([
          () => ({ sealer: other.signing }),
          () => ({ statement: { ledgerSignature: fromHex("11".repeat(65)) } }),
          () => ({ keys: { ...other, ledger: liar.ledger } }),
          () => ({ keys: { ...other, ledger: liar.ledger, identity: { ...other.identity, ledgerAddress: liar.identity.ledgerAddress } } }),
          () => ({ keys: { ...other, ledger: liar.ledger, certificate: liar.certificate, identity: { ...other.identity, ledgerAddress: liar.identity.ledgerAddress } } }),
        ])());
      } },
    ],
  };
}
