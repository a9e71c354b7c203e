import { sql, type Kysely } from "kysely";

export async function up(db: Kysely<unknown>): Promise<void> {
  // One row a leaf that was asked to be registered with its dataset proof, a blob. Its life is its own: the same leaf may be
  // registered without a proof before, and either registration is withdrawn by itself.
  await sql.raw(`create table proved_leaves (
     leaf text primary key, owner text not null, proof text not null, state text not null,
     revoke_requested boolean not null default false, tx_hash text, reason text,
     check (state in ('pending', 'anchored', 'revoked', 'refused')))`).execute(db);
}
