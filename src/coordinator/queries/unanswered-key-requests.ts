import { sql } from "kysely";

/** How many key requests of a worker nobody has answered yet. Exact while the caller is locked (lock-caller.ts). Index: key_requests_unanswered. */
export const unansweredKeyRequests = (worker: string, seconds: number) => sql<{ readonly open: bigint }>`
  select count(*) as open from key_requests
  where worker = ${worker} and reply is null and created_at > now() - make_interval(secs => ${seconds})`;
