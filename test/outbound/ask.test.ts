import { createServer, type RequestListener, type Server } from "node:http";
import { Socket, type AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { AllowList } from "../../src/outbound/allow-list.js";
import { ask, type Resolve } from "../../src/outbound/ask.js";
import { utf8 } from "../../src/protocol/bytes.js";

// Promise R34: an address that somebody else wrote leads to no machine but those on the operator's list. Every attempt of this
// process to connect is counted, to whatever address, beside what arrives at a trap.

let trap: Server;
let arrived = 0;
let answer: RequestListener = (_req, res) => { res.end("secret"); };
let attempts = 0;
const { connect } = Socket.prototype;

beforeAll(async () => {
  trap = createServer((req, res) => { answer(req, res); }).on("connection", () => { arrived++; });
  await new Promise<void>((resolve) => trap.listen(0, "127.0.0.1", resolve));
  vi.spyOn(Socket.prototype, "connect").mockImplementation(function count(this: Socket, ...args: unknown[]) {
    attempts++;
    return (connect as (...all: unknown[]) => Socket).apply(this, args);
  } as typeof connect);
});
afterEach(() => {
  [arrived, attempts] = [0, 0];
  answer = (_req, res) => { res.end("secret"); };
});
afterAll(() => {
  vi.restoreAllMocks();
  trap.closeAllConnections();
  trap.close();
});

const port = (): number => (trap.address() as AddressInfo).port;
const HOSTS = ["hooks.bank.example", ".partner.example", "http://plain.example:8080", "tls.example:8443"];
const resolving = (...addresses: string[]): Resolve => () => Promise.resolve(addresses);
const go = (text: string, { hosts = HOSTS, networks = [], resolve = resolving("127.0.0.1"), timeoutMs = 2000, maxBytes = 1000 }: { hosts?: string[]; networks?: string[]; resolve?: Resolve; timeoutMs?: number; maxBytes?: number } = {}) =>
  (async () => {
    const allow = new AllowList({ hosts, networks });
    return ask({ url: allow.read(text) }, { allow, resolve, timeoutMs, maxBytes });
  })();
const codeOf = (asked: Promise<unknown>): Promise<string> => asked.then(() => "reached", (error: { code?: string; message: string }) => error.code ?? error.message);

/** Every spelling below is on no list, is not plain, or leads to a private address. PORT is the trap's. */
const ZOO = [
  // addresses in every notation
  "http://127.0.0.1:PORT/", "https://127.0.0.1:PORT/", "http://127.1:PORT/", "http://2130706433:PORT/", "http://0x7f000001:PORT/", "http://0x7f.0.0.1:PORT/", "http://0177.0.0.1:PORT/",
  "http://017700000001:PORT/", "http://127.0.0.1.:PORT/", "http://0:PORT/", "http://0.0.0.0:PORT/", "http://[::1]:PORT/", "http://[::]:PORT/", "http://[::ffff:127.0.0.1]:PORT/",
  "http://[::ffff:7f00:1]:PORT/", "http://[0:0:0:0:0:ffff:127.0.0.1]:PORT/", "http://[64:ff9b::127.0.0.1]:PORT/", "http://[2002:7f00:1::]:PORT/", "http://[fe80::1%25lo]:PORT/",
  "http://169.254.169.254/latest/meta-data/", "http://[fd00:ec2::254]/latest/meta-data/", "http://2852039166/", "http://0xa9fea9fe/", "http://[::ffff:169.254.169.254]/", "http://100.100.100.200/",
  "http://metadata.google.internal/computeMetadata/v1/", "http://192.168.0.1/", "http://10.0.0.1/", "http://172.16.0.1/", "http://localhost:PORT/", "http://LOCALHOST:PORT/", "http://localhost.localdomain:PORT/",
  // dots and digits of other alphabets
  "http://127。0。0。1:PORT/", "http://①②⑦.⓪.⓪.①:PORT/", "http://127%2e0%2e0%2e1:PORT/", "http://１２７.0.0.1:PORT/", "https://hooks。bank。example/", "https://ｈooks.bank.example/", "https://hooks.bank.example\u00ad/",
  // who is the host
  "https://hooks.bank.example@127.0.0.1:PORT/", "https://127.0.0.1:PORT@hooks.bank.example/", "https://user@hooks.bank.example/", "https://user:word@hooks.bank.example/", "https://@hooks.bank.example/", "https://:@hooks.bank.example/",
  "https://hooks.bank.example\\@127.0.0.1:PORT/", "https://127.0.0.1:PORT\\@hooks.bank.example/", "https://127.0.0.1:PORT#@hooks.bank.example/", "https://127.0.0.1:PORT?@hooks.bank.example/",
  "https://hooks.bank.example#@127.0.0.1/", "https://hooks.bank.example:443/", "https:hooks.bank.example/", "https:/hooks.bank.example/", "https:\\\\hooks.bank.example\\", "//hooks.bank.example/", "https:///hooks.bank.example/",
  " https://hooks.bank.example/", "https://hooks.bank.example/ ", "https://hooks.bank.example/\r\nhost: x", "https://hooks.bank.example/a b", "https://hooks.bank.example\t/", "https://hooks\n.bank.example/", "HTTPS://hooks.bank.example/", "https://HOOKS.bank.example/",
  "https://hooks.bank.example/a/../b", "https://hooks.bank.example/./", "https://hooks.bank.example/%zz\u0000",
  // near the list, and not on it
  "https://hooks.bank.example./", "https://hooks.bank.example.evil.example/", "https://xhooks.bank.example/", "https://bank.example/", "https://a.hooks.bank.example/", "https://partner.example/", "https://xpartner.example/", "https://a.partner.example./",
  "http://hooks.bank.example/", "https://hooks.bank.example:PORT/", "https://hooks.bank.example:22/", "https://plain.example:8080/", "http://plain.example/", "http://plain.example:80/", "https://tls.example/", "http://tls.example:8443/",
  // other schemes
  "file:///etc/passwd", "ftp://hooks.bank.example/", "gopher://127.0.0.1:PORT/_", "data:text/plain,x", "javascript:1", "unix:/run/x.sock", "ws://hooks.bank.example/", "blob:https://hooks.bank.example/x", "about:blank", "", "x", "https://", `https://hooks.bank.example/${"a".repeat(1000)}`,
];

describe("the whole zoo of addresses", () => {
  it("is refused before anything is asked or connected", async () => {
    const asked: string[] = [];
    const resolve: Resolve = (name) => { asked.push(name); return Promise.resolve(["127.0.0.1"]); };
    for (const text of ZOO) expect([text, await codeOf(go(text.replaceAll("PORT", String(port())), { resolve }))]).toEqual([text, "address_refused"]);
    expect([arrived, attempts, asked]).toEqual([0, 0, []]);
  });

  it("is refused when a name on the list leads there, alone or beside a public address", async () => {
    const privates = ["127.0.0.1", "169.254.169.254", "10.1.2.3", "0.0.0.0", "100.64.0.1", "::1", "::ffff:127.0.0.1", "::ffff:7f00:1", "64:ff9b::7f00:1", "2002:7f00:1::", "fd00:ec2::254", "fe80::1", "224.0.0.1", "", "hooks.bank.example"];
    for (const address of privates) {
      for (const found of [[address], ["8.8.8.8", address], [address, "8.8.8.8"]]) {
        for (const text of ["https://hooks.bank.example/x", "https://a.partner.example/", "http://plain.example:8080/"]) {
          expect([found, await codeOf(go(text, { resolve: resolving(...found) }))]).toEqual([found, "address_refused"]);
        }
      }
    }
    expect(await codeOf(go("https://hooks.bank.example/", { resolve: resolving() }))).toBe("address_refused");
    expect([arrived, attempts]).toEqual([0, 0]);
  });
});

describe("a name that leads elsewhere the second time", () => {
  it("is asked for once, and the connection goes to what was checked", async () => {
    const answers = [["127.0.0.1"], ["169.254.169.254"], ["10.0.0.1"]];
    let asked = 0;
    const resolve: Resolve = () => Promise.resolve(answers[asked++] ?? []);
    const { status, body } = await go(`http://rebind.example:${port()}/`, { hosts: [`http://rebind.example:${port()}`], networks: ["127.0.0.1/32"], resolve });
    expect([status, new TextDecoder().decode(body), asked, arrived, attempts]).toEqual([200, "secret", 1, 1, 1]);
    // The other way round: by the time a careless service would connect, the name leads to the trap.
    let turn = 0;
    const turning: Resolve = () => Promise.resolve(turn++ === 0 ? ["127.0.0.2"] : ["127.0.0.1"]);
    const late = go(`http://rebind.example:${port()}/`, { hosts: [`http://rebind.example:${port()}`], networks: ["127.0.0.2/32"], resolve: turning, timeoutMs: 300 });
    expect([await codeOf(late), arrived, turn]).toEqual(["service_unavailable", 1, 1]);
  });
});

describe("an answer", () => {
  const listed = () => ({ hosts: [`http://127.0.0.1:${port()}`] });
  const text = () => `http://127.0.0.1:${port()}/hook`;

  it("that redirects is not followed, wherever to", async () => {
    for (const [status, location] of [[301, "http://169.254.169.254/"], [302, `http://127.0.0.1:${port()}/other`], [307, "//localhost/"], [308, "/hook2"]] as const) {
      answer = (_req, res) => { res.writeHead(status, { location }).end(); };
      expect((await go(text(), listed())).status).toBe(status);
    }
    expect([arrived, attempts]).toEqual([4, 4]);
  });

  it("without end, too slow, or never begun is given up in time and size", async () => {
    answer = (_req, res) => {
      const more = setInterval(() => res.write("x".repeat(1000)), 1);
      res.on("close", () => { clearInterval(more); });
    };
    expect(await codeOf(go(text(), { ...listed(), maxBytes: 100_000 }))).toBe("input_too_large");
    answer = (_req, res) => { res.writeHead(200, { "x-big": "y".repeat(40_000) }).end(); };
    expect(await codeOf(go(text(), listed()))).toBe("service_unavailable");
    const slow: RequestListener[] = [
      () => undefined,
      (_req, res) => { const more = setInterval(() => res.write("x"), 50); res.on("close", () => { clearInterval(more); }); },
      (_req, res) => { const more = setInterval(() => { res.writeProcessing(); }, 20); res.on("close", () => { clearInterval(more); }); },
    ];
    for (const listener of slow) {
      answer = listener;
      const started = performance.now();
      expect(await codeOf(go(text(), { ...listed(), timeoutMs: 300 }))).toBe("service_unavailable");
      expect(performance.now() - started).toBeLessThan(5000);
    }
    const never: Resolve = () => new Promise(() => undefined);
    expect(await codeOf(go("https://hooks.bank.example/", { resolve: never, timeoutMs: 100 }))).toBe("service_unavailable");
  });

  it("is asked for with a body and read whole when everything is right; the certificate counts", async () => {
    answer = (req, res) => {
      let body = "";
      req.on("data", (part: Buffer) => { body += part.toString(); });
      req.on("end", () => { res.writeHead(202, { "x-seen": `${req.method ?? ""} ${req.headers.host ?? ""} ${req.headers["accept-encoding"] as string}` }).end(body); });
    };
    const allow = new AllowList({ hosts: [`http://127.0.0.1:${port()}`] });
    const reply = await ask({ url: allow.read(text()), method: "POST", body: utf8("hallo") }, { allow, timeoutMs: 2000, maxBytes: 100 });
    expect([reply.status, new TextDecoder().decode(reply.body), reply.header("X-Seen")]).toEqual([202, "hallo", `POST 127.0.0.1:${port()} identity`]);
    expect(await codeOf(go(`https://127.0.0.1:${port()}/`, { hosts: [`127.0.0.1:${port()}`] }))).toBe("service_unavailable");
  });
});

describe("the operator's list", () => {
  it.each(["0x7f.1", "127.1", "Hooks.example", "a b", "https://x/y", "x:99999", "user@x", ".", "", "x.", "*.example", "ftp://x", ".10.0.0.1", ".[::1]", "[::ffff:127.0.0.1]"])("takes no %s", (entry) => {
    expect(() => new AllowList({ hosts: [entry] })).toThrow(expect.objectContaining({ code: "config_invalid" }));
  });

  it("means what it says", () => {
    const allow = new AllowList({ hosts: [...HOSTS, "[::1]:9443", "http://10.0.0.5:81"] });
    for (const text of ["https://hooks.bank.example/a?b=c", "https://hooks.bank.example", "https://a.partner.example/", "https://a.b.partner.example/", "http://plain.example:8080/x", "https://tls.example:8443/", "https://[::1]:9443/", "http://10.0.0.5:81/"]) expect(allow.read(text).protocol).toMatch(/^https?:$/);
    expect(new AllowList({ hosts: [] }).empty).toBe(true);
    expect(() => new AllowList({ hosts: [] }).read("https://hooks.bank.example/")).toThrow(expect.objectContaining({ code: "address_refused" }));
  });
});
