import { sql } from "kysely";
import type { Db } from "../../../src/coordinator/store/schema.js";

interface Column { readonly type: string; readonly nullable: boolean; readonly fills: boolean }
interface Rule { readonly table: string; readonly says: string; readonly columns: readonly string[] }
/** What queries of a version can notice of a store's tables. */
export interface Shape { readonly columns: ReadonlyMap<string, Column>; readonly rules: readonly Rule[] }

export async function shapeOf(db: Db): Promise<Shape> {
  const columns = await sql<{ name: string; type: string; nullable: boolean; fills: boolean }>`
    select c.relname || '.' || a.attname as name, format_type(a.atttypid, a.atttypmod) as type, not a.attnotnull as nullable, (a.atthasdef or a.attidentity <> '') as fills
    from pg_attribute a join pg_class c on c.oid = a.attrelid and c.relkind = 'r' join pg_namespace n on n.oid = c.relnamespace and n.nspname = 'public'
    where a.attnum > 0 and not a.attisdropped and c.relname not like 'kysely%'`.execute(db);
  const rules = await sql<Rule>`
    select c.relname as table, pg_get_constraintdef(k.oid) as says, array(select a.attname::text from pg_attribute a where a.attrelid = c.oid and a.attnum = any(k.conkey)) as columns
    from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace and n.nspname = 'public'
    where k.contype <> 'n' and c.relname not like 'kysely%'
    union all
    select c.relname, pg_get_indexdef(i.indexrelid), array(select a.attname::text from pg_attribute a where a.attrelid = c.oid and a.attnum = any(i.indkey::int2[]))
    from pg_index i join pg_class c on c.oid = i.indrelid join pg_namespace n on n.oid = c.relnamespace and n.nspname = 'public'
    where i.indisunique and c.relname not like 'kysely%' and not exists (select from pg_constraint k where k.conindid = i.indexrelid)`.execute(db);
  return { columns: new Map(columns.rows.map(({ name, ...column }) => [name, column])), rules: rules.rows };
}

/**
 * What a change of tables takes from a version that was written for them as they were before, or newly demands of it, in words.
 * Triggers are not judged: one that raises an error would break it too.
 */
export function narrowings(before: Shape, after: Shape): readonly string[] {
  const found: string[] = [];
  const tables = new Set([...before.columns.keys()].map(tableOf));
  for (const [name, old] of before.columns) {
    const now = after.columns.get(name);
    if (now === undefined) found.push(`${name} is gone`);
    else if (now.type !== old.type) found.push(`${name} was ${old.type} and is ${now.type}`);
    else if (old.nullable && !now.nullable) found.push(`${name} must not be null any more`);
    else if (old.fills && !now.fills) found.push(`${name} has lost its default`);
  }
  for (const [name, column] of after.columns) {
    if (!before.columns.has(name) && tables.has(tableOf(name)) && !column.nullable && !column.fills) found.push(`${name} is new, must not be null and has no default`);
  }
  for (const { table, says, columns } of after.rules) {
    const isOld = before.rules.some((rule) => rule.table === table && rule.says === says);
    if (!isOld && tables.has(table) && columns.some((column) => before.columns.has(`${table}.${column}`))) found.push(`${table} has a new rule about old columns: ${says}`);
  }
  return found;
}

const tableOf = (name: string): string => name.slice(0, name.indexOf("."));
