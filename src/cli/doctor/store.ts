import { sql } from "kysely";
import { readConfig } from "../../coordinator/config.js";
import { openExistingBlobs } from "../../coordinator/blobs/open.js";
import { ensureMigrated } from "../../coordinator/store/migrations/index.js";
import { openStoreAsItIs } from "../../coordinator/store/open.js";
import { VeriteeError } from "../../protocol/errors.js";
import { readSettings } from "../settings-file.js";
import { checked, type Check } from "./check.js";

const LEAST_POSTGRES = 150000;
/** Ten for requests and one for notes (docs/operate-coordinator.md). */
const CONNECTIONS = 11;

/** Every problem of a settings file, as a start would name them. */
export const checkSettings = (file: string): Promise<Check> => checked("settings", async () => {
  try {
    readConfig({ ...(await readSettings(file)), stateDir: "unused" });
    return { ok: true, detail: `${file}: a coordinator takes it`, facts: { file } };
  } catch (error) {
    if (!(error instanceof VeriteeError)) throw error;
    const problems = Object.entries(error.facts).map(([field, problem]) => `${field}: ${String(problem)}`);
    return { ok: false, detail: `${error.message}: ${problems.join("; ")}`, facts: { file, problems: problems.length } };
  }
});

/** PostgreSQL answers, is new enough, keeps what it acknowledged, and its tables are this version's. Never says the URL: it may hold a password. */
export const checkDatabase = (url: string): Promise<Check> => checked("database", async () => {
  const db = await openStoreAsItIs("unused", { kind: "postgres", url });
  try {
    const { rows: [found] } = await sql<{ version: string; fsync: string; connections: string; name: string }>`
      select current_setting('server_version_num') as version, current_setting('fsync') as fsync,
        current_setting('max_connections') as connections, current_database() as name`.execute(db);
    if (found === undefined) return { ok: false, detail: "the server said nothing of itself" };
    const version = Number(found.version);
    const facts = { version, database: found.name, connections: Number(found.connections) };
    const troubles = [
      ...(version < LEAST_POSTGRES ? [`PostgreSQL ${Math.floor(version / 10_000)} is older than 15`] : []),
      ...(found.fsync === "on" ? [] : ["fsync is off: a power cut loses what was acknowledged"]),
      ...(Number(found.connections) < CONNECTIONS ? [`max_connections is below the ${CONNECTIONS} that one coordinator keeps`] : []),
      ...await ensureMigrated(db).then(() => [], (error: unknown) => [error instanceof VeriteeError ? `${error.message} (${String(error.facts["missing"])})` : String(error)]),
    ];
    return troubles.length === 0
      ? { ok: true, detail: `PostgreSQL ${Math.floor(version / 10_000)}, database ${found.name}, tables of this version`, facts }
      : { ok: false, detail: troubles.join("; "), facts };
  } finally {
    await db.destroy();
  }
});

/** The bucket of a settings file answers under its credentials; nothing to say of a folder. */
export async function checkBucket(file: string): Promise<readonly Check[]> {
  const settings = await readSettings(file).then((read) => readConfig({ ...read, stateDir: "unused" }).blobs).catch(() => undefined);
  if (settings?.kind !== "s3") return [];
  return [await checked("bucket", async () => {
    (await openExistingBlobs(settings, "unused")).close();
    return { ok: true, detail: `${settings.bucket}/${settings.prefix}: answers`, facts: { bucket: settings.bucket } };
  })];
}
