import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { ensure, VeriteeError } from "../../../protocol/errors.js";
import { CKF_RW_SESSION, CKF_SERIAL_SESSION, CKF_TOKEN_INITIALIZED, CKR, CKU_USER, PIN_REFUSED, SESSION_LOST } from "./constants.js";
import { hex, loadLibrary, type FunctionName, type Library } from "./library.js";
import { readTokenInfo, readUlong, TOKEN_INFO_BYTES, ulong, type Argument } from "./memory.js";
import type { TokenUri } from "./uri.js";

/**
 * What each token was logged into with. Sessions of one process share their login, and a token that is logged into does not look
 * at another PIN: so we do.
 */
const logins = new Map<string, Buffer>();
const salt = randomBytes(32);
const digest = (pin: Buffer): Buffer => createHmac("sha256", salt).update(pin).digest();

/** A return value that is no success. */
export class TokenError extends VeriteeError {
  constructor(readonly ckr: number, call: string) {
    super("store_failed", "the token does not do what it is asked for", { call, ckr: hex(ckr) });
  }
}

/**
 * A session that is logged in. One that was lost (token taken out and put back, daemon restarted, logged out by another) is
 * opened again once, for which the PIN is kept in memory.
 */
export class TokenSession {
  #handle: number | undefined;

  private constructor(readonly library: Library, private readonly uri: TokenUri, private readonly pin: Buffer) {}

  /** @throws config_invalid (library), not_found (token), open_failed (PIN), store_failed */
  static async open(uri: TokenUri, pin: string): Promise<TokenSession> {
    ensure(pin.length > 0, "input_invalid", "the token needs a PIN", { field: "passphrase" });
    const session = new TokenSession(await loadLibrary(uri.modulePath), uri, Buffer.from(pin));
    session.#open();
    return session;
  }

  /** Calls `work` with a live session, again with a new one when it was lost in between. */
  run<T>(work: (session: number) => T): T {
    try {
      return work(this.#handle ?? this.#open());
    } catch (error) {
      if (!(error instanceof TokenError) || !SESSION_LOST.includes(error.ckr)) throw error;
      this.#drop();
      return work(this.#open());
    }
  }

  /** @throws TokenError unless the token says that it did it */
  call(name: FunctionName, ...args: readonly Argument[]): void {
    const ckr = this.library.raw(name, ...args);
    if (ckr !== CKR.ok) throw new TokenError(ckr, name);
  }

  /** Forgets the PIN too. */
  close(): void {
    this.#drop();
    this.pin.fill(0);
  }

  #drop(): void {
    if (this.#handle !== undefined) this.library.raw("C_CloseSession", this.#handle);
    this.#handle = undefined;
  }

  #open(): number {
    const handle = ulong(0);
    this.call("C_OpenSession", this.#slot(), CKF_SERIAL_SESSION | CKF_RW_SESSION, null, null, handle);
    const session = readUlong(handle);
    const ckr = this.library.raw("C_Login", session, CKU_USER, this.pin, this.pin.length);
    if (ckr === CKR.ok) logins.set(this.#place, digest(this.pin));
    if (ckr !== CKR.ok && !(ckr === CKR.userAlreadyLoggedIn && this.#isSamePin())) {
      this.library.raw("C_CloseSession", session);
      // What a wrong passphrase of a file says.
      ensure(!PIN_REFUSED.includes(ckr) && ckr !== CKR.userAlreadyLoggedIn, "open_failed", "cannot open the key store");
      ensure(ckr !== CKR.pinLocked, "open_failed", "the token has locked its PIN: too many were wrong", { token: this.uri.token });
      throw new TokenError(ckr, "C_Login");
    }
    this.#handle = session;
    return session;
  }

  get #place(): string {
    return `${this.uri.modulePath} ${this.uri.token} ${this.uri.serial ?? ""}`;
  }

  #isSamePin(): boolean {
    const known = logins.get(this.#place);
    return known !== undefined && timingSafeEqual(known, digest(this.pin));
  }

  #slot(): number {
    const count = ulong(0);
    this.call("C_GetSlotList", 1, null, count);
    const slots = Buffer.alloc(Math.max(1, readUlong(count)) * 8);
    this.call("C_GetSlotList", 1, slots, count);
    const found = Array.from({ length: readUlong(count) }, (_, i) => readUlong(slots, i)).filter((slot) => this.#isOurs(slot));
    ensure(found.length > 0, "not_found", "there is no such token", { token: this.uri.token });
    ensure(found.length === 1, "config_invalid", "several tokens have this label: name the serial too", { field: "serial", token: this.uri.token });
    return found[0] as number;
  }

  #isOurs(slot: number): boolean {
    const info = Buffer.alloc(TOKEN_INFO_BYTES);
    if (this.library.raw("C_GetTokenInfo", slot, info) !== CKR.ok) return false;
    const { label, serial, flags } = readTokenInfo(info);
    return (flags & CKF_TOKEN_INITIALIZED) !== 0 && label === this.uri.token && (this.uri.serial === undefined || serial === this.uri.serial);
  }
}
