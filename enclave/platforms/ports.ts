import type { Bytes } from "../../src/protocol/bytes.js";

/** The part of a file system that collectors need. Failures are Node's system errors: `code` says which. */
export interface Files {
  exists(path: string): Promise<boolean>;
  /** The whole file. @throws EFBIG when there are more bytes than `limit` */
  read(path: string, limit: number): Promise<Bytes>;
  /** One write into a file that exists; kernel attributes take a value only whole. */
  write(path: string, bytes: Bytes): Promise<void>;
  makeFolder(path: string): Promise<void>;
  removeFolder(path: string): Promise<void>;
}

/** One small HTTP exchange, over a Unix socket or with a link-local service. Failures are Node's system errors. */
export interface Http {
  /** @throws EFBIG when the answer is longer than `limit` */
  send(request: HttpRequest, limit: number): Promise<HttpAnswer>;
}
export interface HttpRequest {
  readonly socket?: string;
  readonly host: string;
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}
export interface HttpAnswer { readonly status: number; readonly body: Bytes }

/** The Nitro security module: one CBOR request, one CBOR response (ioctl 0xC0200A00 on /dev/nsm). */
export interface NsmDevice {
  request(message: Bytes): Promise<Bytes>;
}

/** Runs one tool of tpm2-tools. */
export interface Tpm2 {
  /**
   * @param args `@name` stands for a file that the tool writes
   * @returns these files, in the order of `outputs`
   * @throws service_unavailable when the tool fails
   */
  run(tool: string, args: readonly string[], outputs: readonly string[]): Promise<readonly Bytes[]>;
}

export type Pause = (milliseconds: number) => Promise<void>;
