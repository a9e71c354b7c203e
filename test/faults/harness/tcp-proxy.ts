// A link to PostgreSQL that fails on purpose. It reads the protocol as far as it must to know which bytes acknowledge a commit.
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

export interface TcpProxy {
  /** The URL of the server behind, with this proxy's port in place of its own. */
  readonly url: string;
  /** Ends every link at once. */
  cut(): void;
  /** From now on nothing gets through, and nobody is told: neither side sees an end. */
  freeze(): void;
  /** New links get through again; those that were frozen never do. */
  thaw(): void;
  /** Asked at each answer that acknowledges a commit, with the statements that it made lasting: true takes it away and ends the link. */
  loseAck: (statements: readonly string[]) => boolean;
  close(): Promise<void>;
}

export async function startProxy(target: string): Promise<TcpProxy> {
  const server = createServer();
  const links = new Set<Link>();
  let frozen = false;
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = new URL(target);
  const [host, port] = [url.hostname, Number(url.port)];
  url.port = String((server.address() as AddressInfo).port);
  const proxy: TcpProxy = {
    url: url.href,
    cut: () => { for (const link of [...links]) link.end(); },
    freeze: () => {
      frozen = true;
      for (const link of links) link.frozen = true;
    },
    thaw: () => {
      frozen = false;
      for (const link of links) if (link.frozen) setTimeout(() => { link.end(); }, SERVER_NOTICES_MS).unref();
    },
    loseAck: () => false,
    close: async () => {
      proxy.cut();
      await new Promise((resolve) => { server.close(resolve); });
    },
  };
  server.on("connection", (near) => {
    const link = new Link(near, connect({ host, port }), (statements) => proxy.loseAck(statements), () => links.delete(link));
    link.frozen = frozen;
    links.add(link);
  });
  return proxy;
}

const WRITES = /\b(insert into|(?<!for |do )update|delete from)\b/i;
const NUL = 0;
/** A server finds out by its own timeouts that nobody is at the other end of a link. */
const SERVER_NOTICES_MS = 8000;

class Link {
  /** Takes bytes and keeps them. */
  frozen = false;
  readonly #near: Socket;
  readonly #far: Socket;
  readonly #onEnd: () => void;
  /** Statements by the name under which they were parsed; the last unnamed one has an empty name. */
  readonly #prepared = new Map<string, string>();
  /** The statement that the client sent last: it sends the next when this one is answered. */
  #statement = "";
  /** What has changed rows in the current transaction, or as a statement alone. */
  #lasting: string[] = [];
  #inTransaction = false;
  #held: Buffer[] = [];
  #failed = false;

  constructor(near: Socket, far: Socket, loseAck: (statements: readonly string[]) => boolean, onEnd: () => void) {
    this.#near = near;
    this.#far = far;
    this.#onEnd = onEnd;
    // The first message of a client has no type.
    const asked = new Messages(false, (type, body, whole) => {
      if (type === "Q") this.#ask(textAt(body, 0));
      if (type === "P") this.#prepared.set(textAt(body, 0), secondText(body));
      if (type === "B") this.#ask(this.#prepared.get(secondText(body)) ?? "");
      far.write(whole);
    });
    const answered = new Messages(true, (type, body, whole) => { this.#answer(type, body, whole, loseAck); });
    near.on("data", (bytes) => { if (!this.frozen) asked.push(bytes); });
    far.on("data", (bytes) => { if (!this.frozen) answered.push(bytes); });
    for (const socket of [near, far]) {
      socket.on("error", () => { this.#leave(); });
      socket.on("close", () => { this.#leave(); });
    }
  }

  end(): void {
    this.#near.destroy();
    this.#far.destroy();
    this.#onEnd();
  }

  /** On a frozen link no end gets through either. */
  #leave(): void {
    if (!this.frozen) this.end();
  }

  #ask(statement: string): void {
    if (!this.#inTransaction) this.#lasting = [];
    this.#statement = statement;
    this.#failed = false;
  }

  /** Holds the answer to what may commit until it is whole: ReadyForQuery outside a transaction comes after the commit. */
  #answer(type: string, body: Buffer, whole: Buffer, loseAck: (statements: readonly string[]) => boolean): void {
    if (type === "C" && WRITES.test(this.#statement) && !textAt(body, 0).endsWith(" 0")) this.#lasting.push(this.#statement);
    const commits = this.#statement === "commit" || (!this.#inTransaction && WRITES.test(this.#statement));
    if (type === "Z") this.#inTransaction = body.toString("latin1") !== "I";
    if (!commits) return void this.#near.write(whole);
    this.#held.push(whole);
    if (type === "E") this.#failed = true;
    if (type !== "Z") return;
    const held = this.#held;
    this.#held = [];
    if (!this.#failed && !this.#inTransaction && this.#lasting.length > 0 && loseAck(this.#lasting)) return this.end();
    this.#near.write(Buffer.concat(held));
  }
}

/** Cuts a stream of the protocol into messages: a type, a length, a body. */
class Messages {
  #rest: Buffer = Buffer.alloc(0);
  #typed: boolean;
  readonly #take: (type: string, body: Buffer, whole: Buffer) => void;

  constructor(typed: boolean, take: (type: string, body: Buffer, whole: Buffer) => void) {
    this.#typed = typed;
    this.#take = take;
  }

  push(bytes: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    for (;;) {
      const head = this.#typed ? 1 : 0;
      if (this.#rest.length < head + 4) return;
      const end = head + this.#rest.readUInt32BE(head);
      if (this.#rest.length < end) return;
      const whole = this.#rest.subarray(0, end);
      this.#rest = this.#rest.subarray(end);
      const type = this.#typed ? String.fromCharCode(whole[0] as number) : "";
      this.#typed = true;
      this.#take(type, whole.subarray(head + 4), whole);
    }
  }
}

/** Parse: a name, then the statement. Bind: a portal, then the name of a statement. Lengths in bytes. */
const secondText = (body: Buffer): string => textAt(body, body.indexOf(NUL) + 1);
const textAt = (body: Buffer, start: number): string => body.subarray(start, body.indexOf(NUL, start)).toString();
