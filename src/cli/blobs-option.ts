import { Option } from "commander";
import { blobSettings, type BlobSettings } from "../coordinator/blobs/settings.js";
import { ensure, VeriteeError } from "../protocol/errors.js";

/** Where blobs are; credentials are never among the arguments, which other users can read. */
export const blobsOption = (): Option =>
  new Option("--blobs <url>", "s3://BUCKET[/PREFIX][?endpoint=URL&region=NAME&path-style=BOOL&credentials=FILE] instead of a folder in --state").env("VERITEE_BLOBS");

const FIELDS: Readonly<Record<string, string>> = { endpoint: "endpoint", region: "region", "path-style": "forcePathStyle", credentials: "credentialsFile" };

/** What `--blobs` says; nothing when it was left out. @throws config_invalid naming every problem */
export function blobsOf(option: string | undefined): { readonly blobs?: BlobSettings } {
  if (option === undefined) return {};
  ensure(option.startsWith("s3://") && URL.canParse(option), "config_invalid", "--blobs is no s3:// URL");
  const { hostname, pathname, searchParams, username, password, port, hash } = new URL(option);
  const plain = username === "" && password === "" && port === "" && hash === "";
  ensure(plain, "config_invalid", "--blobs has more than a bucket, a prefix and settings; credentials come from the environment or a file");
  const settings: Record<string, unknown> = { kind: "s3", bucket: hostname, prefix: pathname.replace(/^\//, "").replace(/\/$/, "") };
  for (const [name, value] of searchParams) settings[FIELDS[name] ?? name] = name === "path-style" && ["true", "false"].includes(value) ? value === "true" : value;
  const parsed = blobSettings.safeParse(settings);
  if (parsed.success) return { blobs: parsed.data };
  throw new VeriteeError("config_invalid", "--blobs is wrong", Object.fromEntries(parsed.error.issues.map((i) => [i.path.map(String).join(".") || "settings", i.message])));
}
