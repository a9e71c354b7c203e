import { Option } from "commander";
import { ensure } from "../protocol/errors.js";
import type { DatabaseConfig } from "../coordinator/store/open.js";

const POSTGRES_URL = /^postgres(ql)?:\/\/./;

/** The URL may hold a password, which other users can read among a process's arguments but not in its environment. */
export const storeOption = (): Option =>
  new Option("--store <url>", "PostgreSQL 15 or later (postgres://...) instead of the embedded store").env("VERITEE_STORE");

/** What `--store` says of the database; nothing when it was left out. @throws config_invalid, which does not repeat the URL */
export function databaseOf(store: string | undefined): { readonly database?: DatabaseConfig } {
  if (store === undefined) return {};
  ensure(POSTGRES_URL.test(store) && URL.canParse(store), "config_invalid", "--store is no postgres:// URL");
  return { database: { kind: "postgres", url: store } };
}
