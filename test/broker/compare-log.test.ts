import { createPrivateKey, sign } from "node:crypto";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { compareHead, compareLog, type Claims, type DifferenceKind } from "../../src/broker/release-log/compare.js";
import { emptyHead, formatLine, sha256Hex, type LogEntry, type ReleaseEntry } from "../../src/broker/release-log/entry.js";
import { verifyReleaseLog, type VerifiedLog } from "../../src/broker/release-log/verify.js";
import { fromBase64 } from "../../src/protocol/bytes.js";
import { envelopeToBytes as dsse, signingKey, type SigningKey } from "../../src/protocol/dsse.js";
import type { JobId, KeyChallengeId, LedgerAddress, ObjectId } from "../../src/protocol/ids.js";
import { keyReply, keyRequest } from "../../src/protocol/objects/index.js";
import { keyDeletion, releaseHead } from "../../src/protocol/owner-statement.js";
import { faultRuns } from "../faults/harness/runs.js";
import { seededRandom } from "../harness/seeded.js";

// R26, R28 for release logs: a log that was edited, by others or by its own owner, is found by anyone who has its claims.

const LINES = 50;
const RUNS = 400;
const SEED = Number(process.env["VERITEE_SEED"] ?? 26);
const random = seededRandom("compare a log");
const [owner, worker, stranger] = [fastKey(random(32)), fastKey(random(32)), fastKey(random(32))];
const id = (n: number): never => n.toString(16).padStart(64, "0") as never;

let lines: readonly LogEntry[];
let claims: Claims;
const SUBJECT = id(7) as ObjectId;

/** As a broker that decides on 49 requests and destroys another key in between. */
beforeAll(() => {
  const requests = Array.from({ length: LINES - 1 }, (_, i) =>
    keyRequest.sign({ job: id(100 + i), holder: owner.publicKey, subject: SUBJECT, worker: { signingKey: worker.publicKey, ledgerAddress: "11".repeat(20) as LedgerAddress }, nonce: random(32) }, worker));
  const decided = requests.map((request, i): LogEntry => ({
    seq: 0, prev: "", at: 1000 + i, outcome: i % 5 === 4 ? "refused" : "released", request: request.id, job: id(100 + i), subject: SUBJECT, worker: worker.publicKey, policy: id(9),
    ...(i % 5 === 4 ? { refusal: { code: "grant_expired", reason: "the grant has expired" } } : {}),
  }));
  lines = [...decided.slice(0, 20), { seq: 0, prev: "", at: 1020, outcome: "destroyed", subject: id(8) as ObjectId, record: "" }, ...decided.slice(20)];
  claims = {
    requests: requests.map((request, i) => ({
      request: request.envelope,
      reply: keyReply.sign({
        request: request.id, challenge: id(500) as KeyChallengeId,
        outcome: i % 5 === 4 ? { kind: "refused", code: "grant_expired", reason: "the grant has expired" } : { kind: "released", box: { suite: 1, enc: random(32), ciphertext: random(48) } },
      }, owner).envelope,
    })),
    heads: [],
  };
  claims = { ...claims, heads: [headOf(chain(lines))] };
});

/** The text of a log with these lines, each put in its place and signed: what its owner can make of it at any time. */
function chain(entries: readonly LogEntry[], by = owner): VerifiedLog {
  let prev = emptyHead(owner.publicKey);
  const text = entries.map((entry, i) => {
    const placed = { ...entry, seq: i + 1, prev };
    const record = (seq: number): string => Buffer.from(dsse(keyDeletion.sign({ subject: entry.subject, destroyedAt: entry.at, method: "overwritten", log: { seq, hash: prev } }, by))).toString("base64");
    const line = formatLine(placed.outcome === "destroyed" ? { ...placed, record: record(i) } : placed, by);
    prev = sha256Hex(line);
    return `${line}\n`;
  }).join("");
  return by === owner ? verifyReleaseLog(text, owner.publicKey) : { text } as VerifiedLog;
}
const headOf = ({ head }: VerifiedLog) => releaseHead.sign({ ...head, at: 2000 }, owner);
const kinds = (log: VerifiedLog, against: Claims = claims): DifferenceKind[] => [...new Set(compareLog(log, owner.publicKey, against).map((d) => d.kind))];

const at = fc.nat(LINES - 1);
const editLine = (entry: LogEntry, how: number): LogEntry => {
  if (entry.outcome === "destroyed") return { ...entry, at: entry.at + 1 };
  const edits: Partial<ReleaseEntry>[] = [
    { at: entry.at + 1 }, { job: id(9999) as JobId }, { subject: id(6) as ObjectId }, { worker: stranger.publicKey }, { policy: id(10) as ObjectId },
    entry.outcome === "released" ? { outcome: "refused", refusal: { code: "key_refused", reason: "no" } } : { outcome: "released", refusal: undefined },
  ];
  return { ...entry, ...edits[how % edits.length] };
};

describe("a log of 50 lines that was edited", () => {
  it("is clean as it is, with one more line that nobody has claimed yet no more", () => {
    expect(kinds(chain(lines))).toEqual([]);
    expect(kinds(chain([...lines, { ...lines[0] as ReleaseEntry, request: id(1) }]))).toEqual(["extra"]);
  });

  it("by someone without its owner's key does not verify, whatever the edit", () => {
    const { text, head } = chain(lines);
    const own = text.trimEnd().split("\n");
    const strangers = chain(lines, stranger).text.trimEnd().split("\n");
    const edits: ((i: number, j: number) => string[])[] = [
      (i) => own.toSpliced(i, 1), (i, j) => own.toSpliced(i, 0, own[j] as string), (i, j) => own.with(i, own[j] as string).with(j, own[i] as string),
      (i) => own.slice(0, i), (i) => own.with(i, strangers[i] as string), (i, j) => own.with(i, (own[i] as string).replace(/./, "[").slice(j % 7)),
      (i, j) => own.with(i, flip(own[i] as string, j * 13)),
    ];
    fc.assert(fc.property(fc.nat(edits.length - 1), at, at, (edit, i, j) => {
      const edited = `${(edits[edit] as (typeof edits)[number])(i, j).join("\n")}\n`;
      fc.pre(edited !== text);
      expect(() => verifyReleaseLog(edited, owner.publicKey, [head])).toThrow();
    }), { numRuns: RUNS, seed: SEED });
  });

  it("by its owner, who signs it all anew, contradicts what others hold, whatever the edit", () => {
    const edits: ((i: number, j: number) => readonly LogEntry[])[] = [
      (i) => lines.toSpliced(i, 1), (i, j) => lines.toSpliced(i, 0, { ...lines.find((l) => l.outcome === (j % 2 === 0 ? "released" : "refused")) as ReleaseEntry, request: id(77) }), (i, j) => lines.with(i, lines[j] as LogEntry).with(j, lines[i] as LogEntry),
      (i) => lines.slice(0, i), (i, j) => lines.with(i, editLine(lines[i] as LogEntry, j)), (i) => [...lines.slice(0, i), ...lines.slice(i + 1).reverse()],
    ];
    const seen = new Set<string>();
    fc.assert(fc.property(fc.nat(edits.length - 1), at, at, (edit, i, j) => {
      const entries = (edits[edit] as (typeof edits)[number])(i, j);
      fc.pre(JSON.stringify(entries) !== JSON.stringify(lines) && entries.length > 0);
      const found = kinds(chain(entries));
      expect(found.length).toBeGreaterThan(0);
      found.forEach((kind) => seen.add(kind));
    }), { numRuns: faultRuns(RUNS), seed: SEED });
    expect([...seen].filter((kind) => !["altered", "cut", "extra", "forked", "hidden"].includes(kind))).toEqual([]);
  });

  it("shows a hidden release, an extra one, a second one and a reordered one by name", () => {
    const [first, second] = [lines[0] as ReleaseEntry, lines[1] as ReleaseEntry];
    expect(kinds(chain(lines.slice(1)), { ...claims, heads: [] })).toEqual(["hidden"]);
    expect(kinds(chain([...lines, { ...first, request: id(1) }]))).toEqual(["extra"]);
    expect(kinds(chain([...lines, first]))).toEqual(["twice"]);
    expect(kinds(chain([second, first, ...lines.slice(2)]))).toEqual(["forked"]);
    expect(kinds(chain(lines.slice(0, 49)), { ...claims, requests: claims.requests.slice(0, 48) })).toEqual(["cut"]);
  });

  it("cut and grown again is found by the head that was noted in between, and that head convinces anyone", () => {
    const regrown = chain([...lines.slice(0, 40), ...lines.slice(41), lines[40] as LogEntry]);
    const found = compareLog(regrown, owner.publicKey, claims);
    expect(found).toMatchObject([{ kind: "forked", line: 50 }]);
    const evidence = found[0]?.evidence as string;
    expect(compareHead(regrown, owner.publicKey, claims.heads[0] as never)).toHaveLength(1);
    expect(releaseHead.open(fromBase64(evidence))).toMatchObject({ owner: owner.publicKey, seq: 50 });
    expect(releaseHead.open(fromBase64(evidence)).hash).not.toBe(regrown.head.hash);
  });

  it("is not accused by what a coordinator makes up", () => {
    const forged = keyReply.sign({ request: id(100), challenge: id(500) as KeyChallengeId, outcome: { kind: "released", box: { suite: 1, enc: random(32), ciphertext: random(48) } } }, stranger).envelope;
    const request = claims.requests[4]?.request as never;
    expect(kinds(chain(lines), { requests: [...claims.requests.toSpliced(4, 1), { request, reply: forged }], heads: [...claims.heads, releaseHead.sign({ seq: 3, hash: id(3), at: 1 }, stranger)] })).toEqual(["unsigned"]);
  });
});

/** The same signatures as signingKey's, by Node, which makes thousands a second. */
function fastKey(seed: Uint8Array): SigningKey {
  const key = createPrivateKey({ key: Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), seed]), format: "der", type: "pkcs8" });
  return { publicKey: signingKey(seed).publicKey, sign: (message) => Uint8Array.from(sign(null, message, key)) };
}

const flip = (text: string, place: number): string => {
  const i = place % text.length;
  return text.slice(0, i) + String.fromCharCode(text.charCodeAt(i) ^ 1) + text.slice(i + 1);
};
