import { randomBytes } from "node:crypto";
import { concat, fromHex, type Bytes } from "../../../protocol/bytes.js";
import { ensure, VeriteeError } from "../../../protocol/errors.js";
import { NONCE_BYTES, TAG_BYTES, wrapAad } from "../aead.js";
import type { WrappingKeys } from "../entries.js";
import { CKA, CKK_AES, CKM_AES_GCM, CKM_AES_KEY_GEN, CKO_SECRET_KEY, CKR } from "./constants.js";
import { ATTRIBUTE_BYTES, gcmParameters, mechanism, readUlong, template, ulong, type Block } from "./memory.js";
import { TokenError, type TokenSession } from "./session.js";

/** What a wrong tag is called: v2.40 and its successors differ, and libraries among themselves. */
const DOES_NOT_OPEN: readonly number[] = [CKR.encryptedDataInvalid, CKR.encryptedDataLenRange, CKR.aeadDecryptFailed, CKR.generalError];

/** Wrapping keys as AES-256 keys that are made in a token and cannot leave it; each wraps one key, by AES-GCM. */
export class TokenKeys implements WrappingKeys {
  readonly method = "wrapping key destroyed in the token (C_DestroyObject)";

  constructor(private readonly session: TokenSession, private readonly label: string) {}

  create(id: string): Promise<void> {
    return inTurn(() => this.session.run((session) => {
      const { address } = this.session.library;
      const attributes = template([
        [CKA.class, CKO_SECRET_KEY], [CKA.keyType, CKK_AES], [CKA.valueLen, 32], [CKA.token, true], [CKA.private, true],
        [CKA.sensitive, true], [CKA.extractable, false], [CKA.encrypt, true], [CKA.decrypt, true], [CKA.wrap, false], [CKA.unwrap, false],
        [CKA.label, this.label], [CKA.id, fromHex(id)],
      ], address);
      const [made, how] = [ulong(0), mechanism(CKM_AES_KEY_GEN, address)];
      this.session.call("C_GenerateKey", session, how, attributes, attributes.buffer.length / ATTRIBUTE_BYTES, made);
      const key = readUlong(made);
      try {
        this.#ensureKept(session, key);
      } catch (error) {
        this.session.library.raw("C_DestroyObject", session, key);
        throw error;
      }
    }));
  }

  seal(id: string, name: string, key: Bytes): Promise<Bytes> {
    return inTurn(() => this.session.run((session) => {
      const wrapping = this.#find(session, id);
      ensure(wrapping !== undefined, "store_failed", "the token does not have the wrapping key", { name });
      const nonce = Uint8Array.from(randomBytes(NONCE_BYTES));
      const plaintext = Buffer.from(key);
      try {
        return concat(nonce, this.#gcm("C_Encrypt", session, wrapping, name, nonce, plaintext, key.length + TAG_BYTES));
      } finally {
        plaintext.fill(0);
      }
    }));
  }

  open(id: string, name: string, box: Bytes): Promise<Bytes | "erased"> {
    return inTurn(() => this.session.run((session) => {
      const wrapping = this.#find(session, id);
      if (wrapping === undefined) return "erased";
      try {
        return this.#gcm("C_Decrypt", session, wrapping, name, box.subarray(0, NONCE_BYTES), Buffer.from(box.subarray(NONCE_BYTES)), box.length - NONCE_BYTES);
      } catch (cause) {
        if (!(cause instanceof TokenError) || !DOES_NOT_OPEN.includes(cause.ckr)) throw cause;
        throw new VeriteeError("open_failed", "cannot open the key store", {}, { cause });
      }
    }));
  }

  isErased(id: string): Promise<boolean> {
    return inTurn(() => this.session.run((session) => this.#find(session, id) === undefined));
  }

  erase(id: string): Promise<void> {
    return inTurn(() => this.session.run((session) => {
      const wrapping = this.#find(session, id);
      if (wrapping === undefined) return;
      this.session.call("C_DestroyObject", session, wrapping);
      ensure(this.#find(session, id) === undefined, "store_failed", "the token still has the key that it destroyed", { id });
    }));
  }

  /** One-part C_Encrypt or C_Decrypt under AES-GCM with the name as associated data. */
  #gcm(operation: "C_Encrypt" | "C_Decrypt", session: number, key: number, name: string, nonce: Bytes, input: Buffer, room: number): Bytes {
    const { address } = this.session.library;
    const how: Block = mechanism(CKM_AES_GCM, address, gcmParameters(nonce, wrapAad(name), TAG_BYTES, address));
    this.session.call(`${operation}Init`, session, how, key);
    const [output, length] = [Buffer.alloc(room), ulong(room)];
    try {
      this.session.call(operation, session, input, input.length, output, length);
      return Uint8Array.from(output.subarray(0, readUlong(length)));
    } finally {
      output.fill(0);
    }
  }

  /** A library may take the template and not keep to it: then the key is not one that cannot leave. */
  #ensureKept(session: number, key: number): void {
    const flag = (type: number): boolean => {
      const value = Buffer.alloc(1);
      const asked = template([[type, value]], this.session.library.address);
      this.session.call("C_GetAttributeValue", session, key, asked, 1);
      return (asked.keeps[0] as Buffer)[0] === 1;
    };
    ensure(flag(CKA.sensitive) && !flag(CKA.extractable), "store_failed", "the token makes keys that can leave it", {});
  }

  #find(session: number, id: string): number | undefined {
    const asked = template([[CKA.class, CKO_SECRET_KEY], [CKA.id, fromHex(id)], [CKA.label, this.label]], this.session.library.address);
    this.session.call("C_FindObjectsInit", session, asked, asked.buffer.length / ATTRIBUTE_BYTES);
    try {
      const [found, count] = [Buffer.alloc(16), ulong(0)];
      this.session.call("C_FindObjects", session, found, 2, count);
      ensure(readUlong(count) < 2, "store_failed", "the token has two wrapping keys of one id", { id });
      return readUlong(count) === 0 ? undefined : readUlong(found);
    } finally {
      this.session.library.raw("C_FindObjectsFinal", session);
    }
  }
}

/** What is thrown becomes a rejection. */
const inTurn = <T>(work: () => T): Promise<T> => new Promise((resolve) => resolve(work()));
