import type { S3Client } from "@aws-sdk/client-s3";
import type { Readable } from "node:stream";
import { toBase64, type Bytes } from "../../../protocol/bytes.js";
import { sha256 } from "../../../protocol/hash.js";
import { MAX_BLOB_BYTES } from "../blobs.js";
import type { S3Settings } from "../settings.js";
import { readCredentials, type Environment } from "./credentials.js";
import { guarded } from "./guard.js";
import { BadAnswer, PATIENCE, patiently, statusOf, type Patience } from "./patience.js";

export interface Listed { readonly key: string; readonly writtenAt: Date }

/** The few verbs of S3 that are used, each repeated while its failure passes. @throws store_failed, storage_full */
export interface Bucket {
  /** Undefined when there is none. Of more than a blob may have, one byte more tells that it is none. */
  read(key: string): Promise<Bytes | undefined>;
  /** `there`: something is under the key already, and stays. `confirmed`: the server has computed the SHA-256 itself. */
  write(key: string, bytes: Bytes, mode: "if-absent" | "replace"): Promise<"confirmed" | "stored" | "there">;
  size(key: string): Promise<number | undefined>;
  /** All keys that begin so, in order. */
  list(prefix: string): Promise<readonly Listed[]>;
  remove(key: string): Promise<void>;
  close(): void;
}

export interface BucketParts { readonly env: Environment; readonly patience?: Patience }

const PAGE_KEYS = 1000;
const CONNECT_MS = 3_000;

/** @throws config_invalid (credentials) */
export async function openBucket(settings: S3Settings, { env, patience = PATIENCE }: BucketParts): Promise<Bucket> {
  const first = await readCredentials(settings.credentialsFile, env);
  // Only who has a bucket pays for the SDK.
  const s3 = await import("@aws-sdk/client-s3");
  const endpoint = new URL(settings.endpoint ?? `https://s3.${settings.region}.amazonaws.com`);
  const client = new s3.S3Client({
    region: settings.region, endpoint: endpoint.origin, forcePathStyle: settings.forcePathStyle ?? settings.endpoint !== undefined,
    credentials: settings.credentialsFile === undefined ? first : () => readCredentials(settings.credentialsFile, env),
    // Repeats are ours: they then cover the answer's body too.
    maxAttempts: 1,
    // The SDK's own default streams bodies in a form that some servers store as it came.
    requestChecksumCalculation: "WHEN_REQUIRED", responseChecksumValidation: "WHEN_REQUIRED",
    requestHandler: { connectionTimeout: CONNECT_MS },
  });
  const inner = client.config.requestHandler;
  client.config.requestHandler = Object.assign(Object.create(inner) as typeof inner, { handle: guarded({ handle: inner.handle.bind(inner) }, endpoint) });
  return bucketOf(s3, client, settings.bucket, patience);
}

type Sdk = typeof import("@aws-sdk/client-s3");

function bucketOf(s3: Sdk, client: S3Client, bucket: string, patience: Patience): Bucket {
  const again = <T>(deed: (options: { readonly abortSignal: AbortSignal }) => Promise<T>): Promise<T> => patiently(patience, (abortSignal) => deed({ abortSignal }));
  return {
    read: (key) => again(async (options) => {
      const answer = await client.send(new s3.GetObjectCommand({ Bucket: bucket, Key: key }), options).catch(absent(["NoSuchKey"]));
      if (answer === undefined) return undefined;
      const bytes = await collect(answer.Body as Readable, MAX_BLOB_BYTES + 1);
      const said = Math.min(answer.ContentLength ?? bytes.length, MAX_BLOB_BYTES + 1);
      if (said !== bytes.length) throw new BadAnswer("an answer of another length than it says");
      return bytes;
    }),
    write: (key, bytes, mode) => again(async (options) => {
      const hash = toBase64(sha256(bytes));
      const put = new s3.PutObjectCommand({
        Bucket: bucket, Key: key, Body: bytes, ContentLength: bytes.length, ContentType: "application/octet-stream", ChecksumSHA256: hash,
        ...(mode === "if-absent" ? { IfNoneMatch: "*" } : {}),
      });
      const answer = await client.send(put, options).catch((error: unknown) => {
        if (statusOf(error) === 412 && mode === "if-absent") return undefined;
        throw error;
      });
      if (answer === undefined) return "there";
      return answer.ChecksumSHA256 === hash ? "confirmed" : "stored";
    }),
    size: (key) => again(async (options) => (await client.send(new s3.HeadObjectCommand({ Bucket: bucket, Key: key }), options).catch(absent(["NotFound", "NoSuchKey"])))?.ContentLength),
    list: (prefix) => listAll((after) => again(async (options) => {
      const page = await client.send(new s3.ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, MaxKeys: PAGE_KEYS, ...(after === undefined ? {} : { StartAfter: after }) }), options);
      const found = (page.Contents ?? []).map(({ Key, LastModified }) => ({ key: Key ?? "", writtenAt: LastModified ?? new Date(0) }));
      return inOrder(found, prefix, after, page.IsTruncated === true);
    })),
    remove: (key) => again(async (options) => void (await client.send(new s3.DeleteObjectCommand({ Bucket: bucket, Key: key }), options))),
    close: () => { client.destroy(); },
  };
}

/** The first so many bytes; what follows is not waited for. */
async function collect(body: Readable, most: number): Promise<Bytes> {
  const parts: Bytes[] = [];
  let size = 0;
  for await (const part of body as AsyncIterable<Bytes>) {
    parts.push(part);
    size += part.length;
    if (size >= most) break;
  }
  return Uint8Array.from(Buffer.concat(parts).subarray(0, most));
}

interface Page { readonly found: readonly Listed[]; readonly more: boolean }

async function listAll(page: (after: string | undefined) => Promise<Page>): Promise<readonly Listed[]> {
  const all: Listed[] = [];
  for (let next: Page | undefined; next === undefined || next.more;) {
    next = await page(all.at(-1)?.key);
    all.push(...next.found);
  }
  return all;
}

/** A page that does not go on from the last one would be asked for for ever, or hide what it leaves out. */
function inOrder(found: readonly Listed[], prefix: string, after: string | undefined, more: boolean): Page {
  let last = after;
  for (const { key } of found) {
    if (!key.startsWith(prefix) || (last !== undefined && Buffer.compare(Buffer.from(key), Buffer.from(last)) <= 0)) throw new BadAnswer("a list out of order");
    last = key;
  }
  if (more && found.length === 0) throw new BadAnswer("a list without end");
  return { found, more };
}

/** Undefined for what is not there; a bucket that is not there is another matter. */
const absent = (names: readonly string[]) => (error: unknown): undefined => {
  if (statusOf(error) === 404 && error instanceof Error && names.includes(error.name)) return undefined;
  throw error;
};
