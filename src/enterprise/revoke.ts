import type { Clock } from "../broker/ports.js";
import type { GrantId, RevocationId } from "../protocol/ids.js";
import { revocation, type Revocation, type Signed } from "../protocol/objects/index.js";
import type { EnterpriseApi } from "../transport/api.js";
import type { GrantBook } from "./grant-book.js";
import type { Enterprise } from "./identity.js";

/**
 * Revokes a grant. Every request that the enterprise's own broker judges after the local file is written is refused; that
 * the coordinator hears of it only saves workers a useless question, so its absence does not stop a revocation.
 * @returns the revocation, and the coordinator's error if it did not hear of it
 */
export async function revokeGrant(
  enterprise: Enterprise, grant: GrantId, ports: { book: GrantBook; api: EnterpriseApi; clock: Clock },
): Promise<{ readonly revocation: Signed<Revocation, RevocationId>; readonly unannounced: unknown }> {
  const signed = revocation.sign({ owner: enterprise.signing.publicKey, grant, revokedAt: ports.clock() }, enterprise.signing);
  await ports.book.addRevocation(signed);
  const unannounced = await ports.api.putRevocation(signed.envelope).then(() => undefined, (error: unknown) => error);
  return { revocation: signed, unannounced };
}
