import { ensure } from "../../../protocol/errors.js";
import type { ObjectId, PartyKey } from "../../../protocol/ids.js";
import type { Signed } from "../../../protocol/objects/index.js";

/** Who sends an object has signed it: nobody fills the store in another's name. @throws signature_invalid */
export function ensureOwn<T, Id extends ObjectId>(caller: PartyKey, signed: Signed<T, Id>): Signed<T, Id> {
  ensure(signed.signer === caller, "signature_invalid", "the object is signed by another key than the request", { signer: signed.signer });
  return signed;
}
