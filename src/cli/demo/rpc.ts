// Calls between the demo's processes. Each role runs in its own process and is asked to do what its command would do;
// roles never talk to each other here, only to the coordinator.
import { fork, type ChildProcess } from "node:child_process";
import { isErrorCode, VeriteeError, type Facts } from "../../protocol/errors.js";

type Handler = (params: never) => Promise<unknown>;
export type Handlers = Readonly<Record<string, Handler>>;

interface Call { readonly id: number; readonly method: string; readonly params: unknown }
interface Failure { readonly code: string; readonly message: string; readonly facts: Facts }
type Message =
  | { readonly kind: "reply"; readonly id: number; readonly result: unknown }
  | { readonly kind: "error"; readonly id: number; readonly error: Failure }
  | { readonly kind: "event"; readonly event: RoleEvent };

/** What a role wants shown while it works. */
export interface RoleEvent { readonly step: string; readonly done: number; readonly total: number; readonly note?: string }

const failureOf = (error: unknown): Failure =>
  error instanceof VeriteeError
    ? { code: error.code, message: error.message, facts: error.facts }
    : { code: "internal", message: error instanceof Error ? (error.stack ?? error.message) : String(error), facts: {} };

export const emit = (event: RoleEvent): void => {
  process.send?.({ kind: "event", event } satisfies Message);
};

/** Runs in the child: answers calls until the parent goes away. */
export function serve(handlers: Handlers, close: () => Promise<void> = async () => {}): void {
  process.on("message", (call: Call) => {
    const handler = handlers[call.method];
    const answer = handler === undefined
      ? Promise.reject(new VeriteeError("unsupported", "unknown method", { method: call.method }))
      : handler(call.params as never);
    answer.then(
      (result) => process.send?.({ kind: "reply", id: call.id, result: result ?? null } satisfies Message),
      (error: unknown) => process.send?.({ kind: "error", id: call.id, error: failureOf(error) } satisfies Message),
    );
  });
  const stop = (): void => void close().finally(() => process.exit(0));
  process.on("disconnect", stop);
  process.on("SIGTERM", stop);
  process.on("SIGINT", () => {}); // the parent decides
}

/** A role's process, seen from the parent. */
export class Role {
  readonly #child: ChildProcess;
  readonly #pending = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  #next = 1;

  constructor(readonly name: string, entry: string, onEvent: (event: RoleEvent) => void) {
    this.#child = fork(entry, [], { serialization: "advanced", stdio: ["ignore", "ignore", "inherit", "ipc"], execArgv: ["--disable-warning=ExperimentalWarning"] });
    this.#child.on("message", (message: Message) => {
      if (message.kind === "event") onEvent(message.event);
      else this.#settle(message);
    });
    this.#child.on("exit", (code, signal) => this.#fail(`the ${name} process ended (${signal ?? code})`));
    this.#child.on("error", (error) => this.#fail(error.message));
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  call<T>(method: string, params: unknown): Promise<T> {
    const id = this.#next++;
    return new Promise<T>((resolve, reject) => {
      this.#pending.set(id, { resolve: resolve as (value: unknown) => void, reject });
      this.#child.send({ id, method, params } satisfies Call, (error) => {
        if (error) this.#settle({ kind: "error", id, error: failureOf(error) });
      });
    });
  }

  /** Asks the process to end and waits; kills it after ten seconds. */
  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = new Promise<void>((resolve) => this.#child.once("exit", () => resolve()));
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), 10_000);
    if (this.#child.connected) this.#child.disconnect();
    await ended;
    clearTimeout(timer);
  }

  #settle(message: Exclude<Message, { kind: "event" }>): void {
    const waiting = this.#pending.get(message.id);
    this.#pending.delete(message.id);
    if (message.kind === "reply") waiting?.resolve(message.result);
    else waiting?.reject(new VeriteeError(isErrorCode(message.error.code) ? message.error.code : "internal", message.error.message, message.error.facts));
  }

  #fail(reason: string): void {
    for (const { reject } of this.#pending.values()) reject(new VeriteeError("internal", reason, { role: this.name }));
    this.#pending.clear();
  }
}
