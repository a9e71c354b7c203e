import { readFile } from "node:fs/promises";
import { z } from "zod";
import { VeriteeError } from "../../../protocol/errors.js";

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  /** When to ask for them again. */
  readonly expiration?: Date;
}

/** Never options of a command line: other users can read those. Nor a machine's metadata service: it is no host of ours. */
export type Environment = Readonly<Record<string, string | undefined>>;

const fileSchema = z.strictObject({ accessKeyId: z.string().min(1), secretAccessKey: z.string().min(1), sessionToken: z.string().min(1).optional() });

/** The SDK asks again five minutes before the end of what expires: a file with short-lived credentials may be rewritten beside us. */
const FILE_TRUST_MS = 10 * 60_000;

/** Credentials of a file, or of the environment. @throws config_invalid naming all that is missing, and no value */
export async function readCredentials(file: string | undefined, env: Environment): Promise<Credentials> {
  if (file !== undefined) return readFileCredentials(file);
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_SESSION_TOKEN: sessionToken } = env;
  if (accessKeyId && secretAccessKey) return { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) };
  throw new VeriteeError("config_invalid", "there are no credentials for the bucket", {
    ...(accessKeyId ? {} : { AWS_ACCESS_KEY_ID: "not set" }), ...(secretAccessKey ? {} : { AWS_SECRET_ACCESS_KEY: "not set" }),
    or: "blobs.credentialsFile of the settings",
  });
}

async function readFileCredentials(file: string): Promise<Credentials> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(file, "utf8"));
  } catch {
    // A parser's message quotes what it met.
    throw new VeriteeError("config_invalid", "the file with the bucket's credentials cannot be read as JSON", { "blobs.credentialsFile": file });
  }
  const parsed = fileSchema.safeParse(value);
  if (!parsed.success) {
    throw new VeriteeError("config_invalid", "the file with the bucket's credentials is wrong", {
      "blobs.credentialsFile": file, fields: [...new Set(parsed.error.issues.map((i) => i.path.join(".") || "unknown fields"))].join(", "),
    });
  }
  const { sessionToken, ...keys } = parsed.data;
  return { ...keys, ...(sessionToken === undefined ? {} : { sessionToken }), expiration: new Date(Date.now() + FILE_TRUST_MS) };
}
