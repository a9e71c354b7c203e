import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { parseAppraisalPolicy } from "../../src/attestation/policy/schema.js";
import { messageBody } from "../../src/coordinator/http/body.js";
import { ROUTES } from "../../src/coordinator/http/routes.js";
import { parseScorecardJson } from "../../src/programs/parse-scorecard.js";
import { smeInvoice } from "../../src/programs/sme-invoice/program.js";
import { toBase64, type Bytes } from "../../src/protocol/bytes.js";
import { decodeChunk } from "../../src/protocol/chunks.js";
import { disclosureFromJson } from "../../src/protocol/disclosure-file.js";
import { envelopeFromBytes } from "../../src/protocol/dsse.js";
import { cardFromJson, endorsementFromJson } from "../../src/protocol/endorsement-file.js";
import { VeriteeError } from "../../src/protocol/errors.js";
import { certificateFromBytes, datasetProofFromBytes, disclosureFromBytes, endorsementRequestFromBytes } from "../../src/protocol/objects/index.js";
import { receiptFromJson } from "../../src/protocol/receipt-file.js";
import { CompletionSchema, FailureSchema, LeaseSchema, ProgressSchema } from "../../src/protocol/wire/veritee_pb.js";
import { readObject } from "../../src/transport/json-answers.js";
import { signRequest } from "../../src/transport/http-signature.js";
import { errorOfProblem } from "../../src/transport/problem.js";
import { verifyRequest } from "../../src/transport/verify-request.js";
import { readEnvelopes, readJobView, readLeafView, readProofRequestView } from "../../src/transport/views.js";
import { jsonMutator } from "./json-mutator.js";
import { changer, random } from "./mutator.js";
import * as sample from "./samples.js";

// Promise R20: whatever comes, a decoder answers with a value or with one of our errors: it never fails otherwise, never
// touches what all objects share, and keeps nothing. `npm run fuzz` gives each a million mutations of a valid example, every
// test run some. VERITEE_FUZZ_SEED repeats a run.

const RUNS = Number(process.env["VERITEE_FUZZ_RUNS"] ?? 1000);
const SEED = Number(process.env["VERITEE_FUZZ_SEED"] ?? 20_261_123);
const GROWTH_LIMIT = 50 * 2 ** 20;

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;
const residentNow = (): number => {
  collect();
  return process.memoryUsage().rss;
};

type Read = (bytes: Bytes) => unknown;
const text = new TextDecoder("utf-8", { fatal: true });
/** As a command reads a file. */
const parsed = (read: (json: unknown) => unknown): Read => (bytes) => {
  let json: unknown;
  try {
    json = JSON.parse(text.decode(bytes));
  } catch {
    throw new VeriteeError("input_invalid", "not JSON");
  }
  return read(json);
};
const answered = (read: (json: never) => unknown): Read => (bytes) => read(readObject(bytes) as never);

const BINARY: readonly (readonly [string, Bytes, Read])[] = [
  ...sample.PAYLOADS.map(({ name, bytes, read }) => [name, bytes, read] as const),
  ["an envelope", sample.ENVELOPE, envelopeFromBytes],
  ["a worker's certificate", sample.CERTIFICATE, certificateFromBytes],
  ["a disclosure", sample.DISCLOSURE, disclosureFromBytes],
  ["a dataset proof", sample.DATASET_PROOF, datasetProofFromBytes],
  ["an endorsement request", sample.ENDORSEMENT_REQUEST, endorsementRequestFromBytes],
  ["a completion", sample.COMPLETION, messageBody(CompletionSchema, 4 << 20).parse],
  ["progress", sample.PROGRESS, messageBody(ProgressSchema, 1024).parse],
  ["a failure", sample.FAILURE, messageBody(FailureSchema, 4096).parse],
  ["a lease", sample.LEASE, (bytes) => messageBody(LeaseSchema, 1 << 20).parse(bytes)],
  ["a chunk of records", sample.CHUNK, (bytes) => decodeChunk(smeInvoice, bytes)],
];

const policy = { format: "veritee-appraisal-policy/1", name: "x", platforms: {} };
const JSON_FORMS: readonly (readonly [string, unknown, Read])[] = [
  ["a receipt file", sample.RECEIPT_FILE, parsed(receiptFromJson)],
  ["a disclosure file", sample.DISCLOSURE_FILE, parsed(disclosureFromJson)],
  ["a source's card", sample.CARD_FILE, parsed(cardFromJson)],
  ["an endorsement file", sample.ENDORSEMENT_FILE, parsed(endorsementFromJson)],
  ["an appraisal policy", policy, parsed(parseAppraisalPolicy)],
  ["a scorecard", sample.SCORECARD, (bytes) => parseScorecardJson(smeInvoice, new TextDecoder().decode(bytes))],
  ["a job's view", sample.JOB_VIEW, answered(readJobView)],
  ["a leaf's view", { state: "anchored", txHash: "0x1", reason: "x" }, answered(readLeafView)],
  ["a proof request's view", { state: "running", statements: 3, leased: 1, done: [0, 1] }, answered(readProofRequestView)],
  ["a list of envelopes", { envelopes: [toBase64(sample.ENVELOPE)] }, answered(readEnvelopes)],
  ["a problem", { type: "docs/errors.md#not_found", title: "x", status: 404, code: "not_found", facts: { field: "x", limit: 3 } }, parsed((json) => errorOfProblem(404, json))],
  ...ROUTES.filter((route) => route.body.mediaType === "application/json").map((route) =>
    [`the body of ${route.name}`, { url: "https://a.example/", proof: "01".repeat(32), authority: "11".repeat(20), signature: Buffer.alloc(65).toString("base64") }, (route.body as unknown as { parse: Read }).parse] as const),
];

/** What a decoder did wrong, undefined when nothing. */
function wrongOf(read: Read, bytes: Bytes): string | undefined {
  try {
    read(bytes);
  } catch (error) {
    if (!(error instanceof VeriteeError)) return `${String(error)} on ${Buffer.from(bytes.subarray(0, 400)).toString("latin1")}`;
  }
  return "polluted" in {} ? "the prototype of all objects was changed" : undefined;
}

function run(name: string, next: () => Bytes, read: Read): void {
  it(`${name}, ${RUNS} times from seed ${SEED}`, () => {
    let settled = 0;
    for (let i = 0; i < RUNS; i++) {
      if (i === RUNS >> 2) settled = residentNow();
      const wrong = wrongOf(read, next());
      if (wrong !== undefined) expect.fail(`run ${i} of seed ${SEED}: ${wrong}`);
    }
    expect(residentNow() - settled).toBeLessThan(GROWTH_LIMIT);
  }, 7_200_000);
}

describe("a decoder of bytes", () => {
  it("takes the example it is given, or nothing below would be reached", () => {
    for (const [name, bytes, read] of BINARY) expect([name, wrongOf(read, bytes)]).toEqual([name, undefined]);
    for (const [name, bytes, read] of BINARY) expect(() => read(bytes), name).not.toThrow();
  });
  for (const [i, [name, bytes, read]] of BINARY.entries()) {
    const below = random(SEED + i);
    const change = changer(below);
    const donors = BINARY.map(([, donor]) => donor);
    run(name, () => change(bytes, donors[below(donors.length)] as Bytes), read);
  }
});

describe("a decoder of JSON", () => {
  it("takes the example it is given, or nothing below would be reached", () => {
    for (const [name, json, read] of JSON_FORMS.filter(([form]) => !form.startsWith("the body of") && form !== "an appraisal policy")) {
      expect(() => read(new TextEncoder().encode(JSON.stringify(json))), name).not.toThrow();
    }
  });
  for (const [i, [name, json, read]] of JSON_FORMS.entries()) run(name, jsonMutator(SEED + 1000 + i, json), read);
});

describe("the head of a signed request", () => {
  const head = signRequest({ method: "PUT", url: new URL("http://c.example/v1/x"), body: new Uint8Array(3) }, sample.SIGNER, { now: 1000, nonce: new Uint8Array(16) });
  const names = Object.keys(head);
  // Verification costs a signature where parsing goes well: a tenth of the runs.
  const runs = Math.ceil(RUNS / 10);

  it(`is refused or that of its signer, ${runs} times from seed ${SEED}`, async () => {
    const below = random(SEED);
    const change = changer(below);
    const latin1 = (value: string): Bytes => Uint8Array.from(value, (c) => c.charCodeAt(0));
    for (let i = 0; i < runs; i++) {
      const name = names[below(names.length)] as string;
      const donor = latin1(head[names[below(names.length)] as never] as string);
      const value = Buffer.from(change(latin1(head[name as never] as string), donor)).toString("latin1");
      const fields = Object.entries({ ...head, [name]: value }).map(([n, v]) => ({ name: n, value: String(v) }));
      if (below(10) === 0) fields.push({ name, value });
      const verdict = await verifyRequest({ method: "PUT", targetUri: "http://c.example/v1/x", fields }, 1000)
        .then((verified) => verified.caller === sample.SIGNER.publicKey || `accepted ${verified.caller}`, (error: unknown) => error instanceof VeriteeError || String(error));
      expect(verdict, `run ${i} of seed ${SEED}: ${name}: ${value}`).toBe(true);
    }
  }, 7_200_000);
});
