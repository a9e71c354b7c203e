import type { Bytes } from "../bytes.js";
import { ensure } from "../errors.js";
import { idBytes, idFromBytes, type DatasetManifestId, type GrantId, type PartyKey, type RevocationId } from "../ids.js";
import { GrantSchema, RevocationSchema } from "../wire/veritee_pb.js";
import { defineObject } from "./define.js";
import { readEnclavePolicy, readHpkeKey, writeEnclavePolicy, type EnclavePolicy, type HpkeKey } from "./parts.js";
import { count, fixed, list, text, within } from "./read.js";

/** An owner's permission: who may use one dataset version, for what, when, how often, in which enclaves. */
export interface Grant extends EnclavePolicy {
  readonly owner: PartyKey;
  readonly dataset: DatasetManifestId;
  readonly programs: readonly string[];
  readonly grantee: PartyKey;
  readonly purpose: string;
  /** Unix seconds, inclusive. */
  readonly notBefore: number;
  /** Unix seconds, exclusive. */
  readonly notAfter: number;
  readonly maxUses: number;
  readonly nonce: Bytes;
  readonly resultKey: HpkeKey;
}

export const grant = defineObject<Grant, GrantId, typeof GrantSchema>({
  name: "grant",
  schema: GrantSchema,
  signer: (v) => v.owner,
  parse: (m) => {
    const notBefore = count("not_before", m.notBefore);
    const notAfter = count("not_after", m.notAfter);
    ensure(notBefore < notAfter, "input_invalid", "a grant ends after it begins", { notBefore, notAfter });
    return {
      owner: idFromBytes(m.owner, 32, "owner"),
      dataset: idFromBytes(m.datasetManifestId, 32, "dataset_manifest_id"),
      programs: list("programs", m.programs, { min: 1, max: 16 }, (p) => text("program", p, 64)),
      grantee: idFromBytes(m.grantee, 32, "grantee"),
      purpose: text("purpose", m.purpose),
      notBefore,
      notAfter,
      maxUses: within("max_uses", m.maxUses, 1, 1_000_000),
      ...readEnclavePolicy(m),
      nonce: fixed("nonce", m.nonce, 32),
      resultKey: readHpkeKey("result_key", m.resultKey),
    };
  },
  build: (v) => ({
    owner: idBytes(v.owner),
    datasetManifestId: idBytes(v.dataset),
    programs: [...v.programs],
    grantee: idBytes(v.grantee),
    purpose: v.purpose,
    notBefore: BigInt(v.notBefore),
    notAfter: BigInt(v.notAfter),
    maxUses: v.maxUses,
    ...writeEnclavePolicy(v),
    nonce: v.nonce,
    resultKey: { ...v.resultKey },
  }),
});

export interface Revocation {
  readonly owner: PartyKey;
  readonly grant: GrantId;
  readonly revokedAt: number;
}

export const revocation = defineObject<Revocation, RevocationId, typeof RevocationSchema>({
  name: "revocation",
  schema: RevocationSchema,
  signer: (v) => v.owner,
  parse: (m) => ({
    owner: idFromBytes(m.owner, 32, "owner"),
    grant: idFromBytes(m.grantId, 32, "grant_id"),
    revokedAt: count("revoked_at", m.revokedAt),
  }),
  build: (v) => ({ owner: idBytes(v.owner), grantId: idBytes(v.grant), revokedAt: BigInt(v.revokedAt) }),
});
