import { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256, type KemInterface } from "@hpke/core";
import { XWing } from "@hpke/hybridkem-x-wing";
import { utf8, type Bytes } from "./bytes.js";
import { VeriteeError } from "./errors.js";
import type { HpkeBox, HpkeKey, HpkeSuite } from "./objects/parts.js";

/** An HPKE key pair; the private half is held as raw bytes so that its owner can store or wipe it. */
export interface HpkeKeyPair {
  readonly publicKey: HpkeKey;
  readonly privateKey: Bytes;
}

const kems: Record<HpkeSuite, () => KemInterface> = { 1: () => new DhkemX25519HkdfSha256(), 2: () => new XWing() };
const suiteOf = (id: HpkeSuite): CipherSuite => new CipherSuite({ kem: kems[id](), kdf: new HkdfSha256(), aead: new Aes256Gcm() });
const buffer = (bytes: Bytes): ArrayBuffer => Uint8Array.from(bytes).buffer;
const uncopied = (bytes: Bytes): ArrayBuffer => (bytes.buffer instanceof ArrayBuffer && bytes.buffer.byteLength === bytes.length ? bytes.buffer : buffer(bytes));

/**
 * Derives a key pair from input keying material (RFC 9180 7.1.3, DeriveKeyPair).
 * The randomness is the caller's: at least 32 secret random bytes.
 */
export async function deriveHpkeKeyPair(suite: HpkeSuite, ikm: Bytes): Promise<HpkeKeyPair> {
  const { kem } = suiteOf(suite);
  const pair = await kem.deriveKeyPair(buffer(ikm));
  const publicKey = new Uint8Array(await kem.serializePublicKey(pair.publicKey));
  const privateKey = new Uint8Array(await kem.serializePrivateKey(pair.privateKey));
  return { publicKey: { suite, publicKey }, privateKey };
}

/** Single-shot base mode (RFC 9180 6.1); no copy is left of a plaintext in a buffer of its own. @throws input_invalid when the recipient's key is not a key */
export async function hpkeSeal(recipient: HpkeKey, info: string, aad: Bytes, plaintext: Bytes): Promise<HpkeBox> {
  const suite = suiteOf(recipient.suite);
  try {
    const recipientPublicKey = await suite.kem.deserializePublicKey(buffer(recipient.publicKey));
    const sender = await suite.createSenderContext({ recipientPublicKey, info: buffer(utf8(info)) });
    const ciphertext = new Uint8Array(await sender.seal(uncopied(plaintext), buffer(aad)));
    return { suite: recipient.suite, enc: new Uint8Array(sender.enc), ciphertext };
  } catch (cause) {
    throw new VeriteeError("input_invalid", "cannot seal to this HPKE key", { suite: recipient.suite }, { cause });
  }
}

/** @throws open_failed for every reason alike: wrong key, wrong AAD, damaged box */
export async function hpkeOpen(pair: HpkeKeyPair, info: string, aad: Bytes, box: HpkeBox): Promise<Bytes> {
  if (box.suite !== pair.publicKey.suite) throw new VeriteeError("open_failed", "cannot open");
  try {
    const suite = suiteOf(box.suite);
    const recipientKey = await suite.kem.deserializePrivateKey(buffer(pair.privateKey));
    const recipient = await suite.createRecipientContext({ recipientKey, enc: buffer(box.enc), info: buffer(utf8(info)) });
    return new Uint8Array(await recipient.open(buffer(box.ciphertext), buffer(aad)));
  } catch {
    throw new VeriteeError("open_failed", "cannot open");
  }
}
