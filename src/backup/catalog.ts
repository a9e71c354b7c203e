import { sql } from "kysely";
import type { Db } from "../coordinator/store/schema.js";
import { ensure } from "../protocol/errors.js";
import type { SequenceState } from "./manifest.js";

/** A column as PostgreSQL writes its type. Generated columns are left out: they follow from the others. */
export interface Column { readonly name: string; readonly type: string }
export interface Table { readonly name: string; readonly columns: readonly Column[] }

/** The migrator's own: what they say is in the manifest. */
const OWN_TABLES = "kysely_migration%";

/**
 * What the store is made of, by its own word: a table that a later version adds is in the backup without anything said here.
 * In an order in which rows can be put back: whatever is referred to comes first.
 */
export async function readTables(db: Db): Promise<readonly Table[]> {
  const { rows } = await sql<{ table: string; name: string; type: string }>`
    select c.relname as table, a.attname as name, format_type(a.atttypid, a.atttypmod) as type
    from pg_class c join pg_attribute a on a.attrelid = c.oid
    where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p') and c.relname not like ${OWN_TABLES}
      and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
    order by c.relname, a.attnum`.execute(db);
  const tables = new Map<string, Column[]>();
  for (const { table, name, type } of rows) tables.set(table, [...(tables.get(table) ?? []), { name, type }]);
  return inOrder([...tables].map(([name, columns]) => ({ name, columns })), await readReferences(db));
}

interface Reference { readonly from: string; readonly to: string }

async function readReferences(db: Db): Promise<readonly Reference[]> {
  const { rows } = await sql<Reference>`
    select conrelid::regclass::text as from, confrelid::regclass::text as to from pg_constraint
    where contype = 'f' and connamespace = current_schema()::regnamespace and conrelid <> confrelid`.execute(db);
  return rows;
}

function inOrder(tables: readonly Table[], references: readonly Reference[]): readonly Table[] {
  const placed: Table[] = [];
  for (let left = [...tables]; left.length > 0;) {
    const waiting = new Set(left.map((table) => table.name));
    const free = left.filter(({ name }) => !references.some((r) => r.from === name && waiting.has(r.to)));
    ensure(free.length > 0, "internal", "tables refer to one another in a circle", { tables: [...waiting].join(", ") });
    placed.push(...free);
    left = left.filter((table) => !free.includes(table));
  }
  return placed;
}

/** Of identity columns. They stand apart from transactions, so what is read is never behind the rows of the same snapshot. */
export async function readSequences(db: Db): Promise<readonly SequenceState[]> {
  const { rows: names } = await sql<{ name: string }>`
    select relname as name from pg_class where relnamespace = current_schema()::regnamespace and relkind = 'S' order by relname`.execute(db);
  const states: SequenceState[] = [];
  for (const { name } of names) {
    const { rows } = await sql<{ last: string; called: boolean }>`select last_value::text as last, is_called as called from ${sql.table(name)}`.execute(db);
    states.push({ name, ...(rows[0] as { last: string; called: boolean }) });
  }
  return states;
}
