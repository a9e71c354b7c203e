import { create } from "@bufbuild/protobuf";
import { toHex } from "../../src/protocol/bytes.js";
import type { Envelope } from "../../src/protocol/dsse.js";
import { VeriteeError } from "../../src/protocol/errors.js";
import type { BlobId, JobId, KeyRequestId, LedgerAddress, PartyKey } from "../../src/protocol/ids.js";
import { insertDigest, recoverLedger, revokeDigest } from "../../src/protocol/ledger-digest.js";
import { datasetManifest, grant, jobRequest, keyChallenge, keyEvidence, keyReply, keyRequest, modelManifest, revocation } from "../../src/protocol/objects/index.js";
import { blobId } from "../../src/protocol/sealing.js";
import { BrokerItemSchema, KeyRequestStateSchema, type BrokerItem } from "../../src/protocol/wire/veritee_pb.js";
import type { BrokerApi, DeploymentView, EnterpriseApi, JobView, LeafView, PlatformApi, ResultApi, WorkerApi } from "../../src/transport/api.js";

export type MemoryApi = EnterpriseApi & PlatformApi & ResultApi & BrokerApi & Pick<WorkerApi, "putKeyRequest" | "putKeyEvidence" | "keyRequest">;

interface KeyCase { readonly holder: PartyKey; readonly job: JobId; readonly request: Envelope; challenge?: Envelope; evidence?: Envelope; reply?: Envelope }

const address = (n: number): LedgerAddress => n.toString(16).padStart(40, "0") as LedgerAddress;

/**
 * A coordinator in memory, without HTTP, a database or a chain. Its state is open: a test plays the malicious coordinator
 * by changing it. It checks as little as a hostile one would.
 */
export class MemoryCoordinator {
  readonly blobs = new Map<BlobId, Uint8Array>();
  readonly leaves = new Map<bigint, LeafView>();
  readonly jobs = new Map<JobId, Envelope>();
  readonly keyCases = new Map<KeyRequestId, KeyCase>();
  readonly objects = new Map<string, Envelope>();
  readonly finished = new Map<JobId, { readonly receipt: unknown; readonly results: readonly Envelope[] }>();
  readonly heads: Envelope[] = [];
  uploads = 0;
  /** Calls that fail before they do anything; for interrupted work. */
  failing = new Set<keyof MemoryApi>();
  readonly deploymentView: DeploymentView = {
    chainId: 31337, datasetRegistry: address(1), provedDatasetRegistry: address(5), sourceRegistry: address(6), programRegistry: address(2), workerRegistry: address(3), receiptLedger: address(4),
  };

  as(caller: PartyKey): MemoryApi {
    const api = { ...this.#storage(), ...this.#enterprise(), ...this.#platform(), ...this.#results(), ...this.#broker(caller), ...this.#worker() };
    return new Proxy(api, {
      get: (target, name: keyof MemoryApi) => {
        if (this.failing.has(name)) return () => Promise.reject(new VeriteeError("chain_unavailable", "the test made this call fail"));
        return target[name];
      },
    });
  }

  #storage(): Pick<MemoryApi, "deployment" | "putBlob" | "getBlob"> {
    return {
      deployment: async () => this.deploymentView,
      putBlob: async (bytes) => {
        this.uploads++;
        const id = blobId(bytes);
        this.blobs.set(id, Uint8Array.from(bytes));
        return id;
      },
      getBlob: async (id) => Uint8Array.from(known(this.blobs.get(id))),
    };
  }

  #enterprise(): Omit<EnterpriseApi, "deployment" | "putBlob" | "getBlob"> {
    const place = { chainId: this.deploymentView.chainId, contract: this.deploymentView.datasetRegistry };
    const settle = (leaf: bigint, state: LeafView["state"]): LeafView => {
      const view: LeafView = { state, txHash: "00".repeat(32), reason: undefined };
      this.leaves.set(leaf, view);
      return view;
    };
    return {
      putDatasetManifest: async (e) => this.#keep(datasetManifest.open(e)),
      putGrant: async (e) => this.#keep(grant.open(e)),
      putRevocation: async (e) => this.#keep(revocation.open(e)),
      registerLeaf: async (leaf, authority, signature) =>
        settle(leaf, recoverLedger(insertDigest(place, leaf), signature) === authority ? "anchored" : "refused"),
      revokeLeaf: async (leaf, signature) => {
        recoverLedger(revokeDigest(place, leaf), signature);
        return settle(leaf, "revoked");
      },
      leaf: async (leaf) => known(this.leaves.get(leaf)),
    };
  }

  #platform(): Pick<PlatformApi, "putModelManifest" | "submitJob"> {
    return {
      putModelManifest: async (e) => this.#keep(modelManifest.open(e)),
      submitJob: async (e) => {
        const job = jobRequest.open(e);
        this.jobs.set(job.id, e);
        return this.#view(job.id);
      },
    };
  }

  #results(): ResultApi {
    const view = this.#view.bind(this);
    return {
      job: async (id) => view(id),
      jobEvents: async function* (id) {
        yield view(id);
      },
      receipt: async (id) => known(this.finished.get(id)).receipt,
      results: async (id) => known(this.finished.get(id)).results,
    };
  }

  #broker(caller: PartyKey): BrokerApi {
    return {
      brokerInbox: async (_wait, signal) => {
        for (;;) {
          const items = this.inbox(caller);
          if (items.length > 0 || signal?.aborted === true) return items;
          await new Promise((r) => setTimeout(r, 5));
        }
      },
      putChallenge: async (e) => void (known(this.keyCases.get(keyChallenge.open(e).value.request)).challenge = e),
      putReply: async (e) => void (known(this.keyCases.get(keyReply.open(e).value.request)).reply = e),
      putReleaseHead: async (e) => void this.heads.push(e),
      releaseHeads: async (from) => (from === undefined ? this.heads.slice(-1) : this.heads),
      keyClaims: async () => [...this.keyCases.values()].filter((c) => c.holder === caller).map(({ request, reply }) => ({ request, reply })),
    };
  }

  /** Open requests of a holder that wait for its challenge or reply. */
  inbox(holder: PartyKey): BrokerItem[] {
    return [...this.keyCases.values()]
      .filter((c) => c.holder === holder && c.reply === undefined && (c.challenge === undefined || c.evidence !== undefined))
      .map((c) => create(BrokerItemSchema, {
        request: c.request, ...optional("job", this.jobs.get(c.job)), ...optional("evidence", c.evidence),
      }));
  }

  #worker(): Pick<WorkerApi, "putKeyRequest" | "putKeyEvidence" | "keyRequest"> {
    return {
      putKeyRequest: async (e) => {
        const { id, value } = keyRequest.open(e);
        this.keyCases.set(id, { holder: value.holder, job: value.job, request: e });
      },
      putKeyEvidence: async (e) => void (known(this.keyCases.get(keyEvidence.open(e).value.request)).evidence = e),
      keyRequest: async (id, seen) => {
        for (;;) {
          const { challenge, reply } = known(this.keyCases.get(id));
          if (reply !== undefined || (seen === 0 && challenge !== undefined)) {
            return create(KeyRequestStateSchema, { ...optional("challenge", challenge), ...optional("reply", reply) });
          }
          await new Promise((r) => setTimeout(r, 5));
        }
      },
    };
  }

  #keep({ id, envelope }: { id: string; envelope: Envelope }): void {
    this.objects.set(id, envelope);
  }

  #view(id: JobId): JobView {
    known(this.jobs.get(id));
    const state = this.finished.has(id) ? "done" : "queued";
    return { id, state, attempt: 0, phase: undefined, error: undefined, createdAt: 0, updatedAt: 0 };
  }

  /** Everything it holds, as one text: for looking for what must not be there. */
  dump(): string {
    const bytes = [...this.blobs.values(), ...[...this.objects.values(), ...this.jobs.values()].map((e) => e.payload)];
    return bytes.map(toHex).join("\n");
  }
}

const optional = <K extends string>(name: K, value: Envelope | undefined): { [P in K]?: Envelope } =>
  (value === undefined ? {} : { [name]: value }) as { [P in K]?: Envelope };

function known<T>(value: T | undefined): T {
  if (value === undefined) throw new VeriteeError("not_found", "not found");
  return value;
}
