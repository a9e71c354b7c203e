// The worker's half of the wire over HTTP, one job and no checks: enough for the measured bundle to run a whole job.
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { toBase64, fromHex, type Bytes } from "../../../src/protocol/bytes.js";
import { envelopeFromBytes } from "../../../src/protocol/dsse.js";
import { fieldFromBytes, fieldToBytes } from "../../../src/protocol/field.js";
import type { BlobId, KeyRequestId } from "../../../src/protocol/ids.js";
import { certificateFromBytes, type WorkerCertificate } from "../../../src/protocol/objects/index.js";
import { CompletionSchema, FailureSchema, KeyRequestStateSchema, LeaseSchema, MerkleProofSchema, type Completion, type Failure } from "../../../src/protocol/wire/veritee_pb.js";
import { honestApi, leaseOf } from "./worker.js";
import type { World } from "./world.js";

export interface HttpDouble {
  readonly url: string;
  readonly certificate: () => WorkerCertificate | undefined;
  /** How the one job ended. */
  readonly ended: Promise<Completion | Failure>;
  close(): Promise<void>;
}

type Handler = (path: readonly string[], body: Bytes) => Promise<{ status?: number; body?: Bytes | object }>;

export async function serveJob(world: World): Promise<HttpDouble> {
  const api = honestApi(world);
  let certificate: WorkerCertificate | undefined;
  let leased = false;
  let end: (how: Completion | Failure) => void = () => undefined;
  const ended = new Promise<Completion | Failure>((resolve) => void (end = resolve));

  const handlers: Readonly<Record<string, Handler>> = {
    "POST worker-challenges": async () => ({ body: { nonce: toBase64(new Uint8Array(32).fill(7)) } }),
    "POST workers": async (_path, body) => {
      certificate = certificateFromBytes(body);
      return { status: 202, body: { state: "registered" } };
    },
    "POST leases": async () => {
      if (leased) return { status: 204 };
      leased = true;
      return { body: toBinary(LeaseSchema, leaseOf(world)) };
    },
    "GET blobs": async ([id]) => ({ body: await api.getBlob(id as BlobId) }),
    "GET merkle-proofs": async ([leaf]) => {
      const at = fromHex(leaf as string);
      const { root, index, siblings, proved } = await api.merkleProof(fieldFromBytes(at));
      return { body: toBinary(MerkleProofSchema, create(MerkleProofSchema, { leaf: at, root: fieldToBytes(root), index, siblings: siblings.map(fieldToBytes), proved })) };
    },
    "POST key-requests": async (_path, body) => (await api.putKeyRequest(envelopeFromBytes(body)), {}),
    "POST key-evidence": async (_path, body) => (await api.putKeyEvidence(envelopeFromBytes(body)), {}),
    "GET key-requests": async ([id]) => ({ body: toBinary(KeyRequestStateSchema, await api.keyRequest(id as KeyRequestId, 0, 0)) }),
    "POST jobs": async (path, body) => {
      if (path.at(-1) === "completion") end(fromBinary(CompletionSchema, body));
      if (path.at(-1) === "failure") end(fromBinary(FailureSchema, body));
      return {};
    },
  };
  const server: Server = createServer((request, response) => void answer(handlers, request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    certificate: () => certificate,
    ended,
    close: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function answer(handlers: Readonly<Record<string, Handler>>, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const [, , name, ...path] = (request.url ?? "").split("?")[0]?.split("/") ?? [];
  const { status = 200, body } = (await handlers[`${request.method} ${name}`]?.(path, Uint8Array.from(Buffer.concat(parts)))) ?? { status: 404 };
  const bytes = body === undefined || body instanceof Uint8Array ? body : JSON.stringify(body);
  response.writeHead(status).end(bytes ?? (status === 204 ? undefined : "{}"));
}
