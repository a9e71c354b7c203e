import { existsSync } from "node:fs";
import { endianness } from "node:os";
import { ensure, VeriteeError } from "../../../protocol/errors.js";
import { CKR } from "./constants.js";
import type { Address, Argument, Block } from "./memory.js";

type Call = (...args: readonly (number | Buffer | null)[]) => number;

/** Cryptoki functions that are used, with the C types of their arguments: u is CK_ULONG, b CK_BYTE, p a pointer. */
const FUNCTIONS = {
  C_Initialize: "p", C_GetSlotList: "bpp", C_GetTokenInfo: "up", C_OpenSession: "uuppp", C_CloseSession: "u", C_Login: "uupu",
  C_GenerateKey: "uppup", C_FindObjectsInit: "upu", C_FindObjects: "upup", C_FindObjectsFinal: "u", C_GetAttributeValue: "uupu", C_DestroyObject: "uu",
  C_EncryptInit: "upu", C_Encrypt: "upupp", C_DecryptInit: "upu", C_Decrypt: "upupp",
} as const;
export type FunctionName = keyof typeof FUNCTIONS;
const TYPES: Readonly<Record<string, string>> = { u: "ulong", b: "uchar", p: "void *" };

/** A vendor's library, initialised. Every call blocks: a token answers in microseconds to milliseconds. */
export interface Library {
  /** The return value, whatever it is. */
  raw(name: FunctionName, ...args: readonly Argument[]): number;
  readonly address: Address;
}

const loaded = new Map<string, Promise<Library>>();

/** Loads and initialises a PKCS #11 library, once a process. @throws config_invalid, store_failed */
export function loadLibrary(path: string): Promise<Library> {
  const known = loaded.get(path);
  if (known !== undefined) return known;
  const loading = load(path);
  loaded.set(path, loading);
  // Not there now may be there later.
  loading.catch(() => loaded.delete(path));
  return loading;
}

async function load(path: string): Promise<Library> {
  ensure(process.platform !== "win32" && ["x64", "arm64"].includes(process.arch) && endianness() === "LE", "unsupported", "PKCS #11 key stores need 64-bit Linux or macOS");
  ensure(existsSync(path), "config_invalid", "there is no PKCS #11 library", { field: "module-path", path });
  const koffi = await import("koffi").catch((cause: unknown) => {
    throw new VeriteeError("config_invalid", "PKCS #11 needs the optional package koffi", {}, { cause });
  });
  const functions = new Map<FunctionName, Call>();
  try {
    const library = koffi.load(path);
    for (const [name, args] of Object.entries(FUNCTIONS)) {
      functions.set(name as FunctionName, library.func(name, "ulong", [...args].map((a) => TYPES[a] as string)) as Call);
    }
  } catch (cause) {
    throw new VeriteeError("config_invalid", "not a PKCS #11 library", { field: "module-path", path }, { cause });
  }
  const raw: Library["raw"] = (name, ...args) => {
    const returned = Number((functions.get(name) as Call)(...args.map((a) => (isBlock(a) ? a.buffer : a))));
    // Looked at after the call, so that nothing which the arguments point to is collected before it ends.
    return args.every((a) => a !== undefined) ? returned : CKR.generalError;
  };
  const initialised = raw("C_Initialize", null);
  ensure(initialised === CKR.ok || initialised === CKR.cryptokiAlreadyInitialized, "store_failed", "the PKCS #11 library does not start", { path, ckr: hex(initialised) });
  return { raw, address: (buffer) => BigInt(koffi.address(buffer)) };
}

const isBlock = (argument: Argument): argument is Block => typeof argument === "object" && argument !== null && "keeps" in argument;

export const hex = (ckr: number): string => `0x${ckr.toString(16)}`;
