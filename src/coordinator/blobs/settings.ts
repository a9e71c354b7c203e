import { z } from "zod";

/** Scheme, host and port; what else a URL can hold has no place here, a password least of all. */
const endpoint = z.string().refine(isOrigin, "expected http(s)://host[:port] and nothing more");

const s3 = z.strictObject({
  kind: z.literal("s3"),
  bucket: z.string().regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, "expected a bucket's name: 3 to 63 of a-z 0-9 . -"),
  /** Folders below the bucket, "/" between; every key begins with it. */
  prefix: z.string().max(512).regex(/^[A-Za-z0-9_-][A-Za-z0-9_.-]*(\/[A-Za-z0-9_-][A-Za-z0-9_.-]*)*$|^$/, "expected names with / between").default(""),
  /** The one host that is ever spoken to. Amazon's of the region unless given. */
  endpoint: endpoint.optional(),
  region: z.string().regex(/^[a-z0-9-]{1,64}$/, "expected a region such as eu-central-1").default("us-east-1"),
  /** Whether the bucket is in the path instead of the host's name; so unless said otherwise where an endpoint is given. */
  forcePathStyle: z.boolean().optional(),
  /** JSON with accessKeyId, secretAccessKey and, if any, sessionToken; the environment's otherwise. Read again every few minutes. */
  credentialsFile: z.string().min(1).optional(),
});

/** Where blobs are kept: a folder below the coordinator's own, or a bucket. */
export const blobSettings = z.discriminatedUnion("kind", [z.strictObject({ kind: z.literal("folder") }), s3]);

export type BlobSettings = z.output<typeof blobSettings>;
export type S3Settings = z.output<typeof s3>;

function isOrigin(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, origin, username, password } = new URL(text);
  return ["http:", "https:"].includes(protocol) && username === "" && password === "" && (text === origin || text === `${origin}/`);
}
