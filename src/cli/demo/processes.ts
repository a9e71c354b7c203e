import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { CoordinatorCalls, EnterpriseCalls, ParamsOf, PlatformCalls, ResultOf, VerifierCalls, WorkerCalls } from "./roles.js";
import { Role, type RoleEvent } from "./rpc.js";

export interface RoleCalls {
  readonly coordinator: CoordinatorCalls;
  readonly worker: WorkerCalls;
  readonly enterprise: EnterpriseCalls;
  readonly platform: PlatformCalls;
  readonly verifier: VerifierCalls;
}
export type RoleName = keyof RoleCalls;

const here = dirname(fileURLToPath(import.meta.url));

/** The demo's processes, one a role. */
export class Processes {
  readonly #roles = new Map<RoleName, Role>();

  constructor(private readonly onEvent: (role: RoleName, event: RoleEvent) => void) {}

  start(...names: readonly RoleName[]): void {
    for (const name of names) {
      this.#roles.set(name, new Role(name, join(here, "process", `${name}.js`), (event) => this.onEvent(name, event)));
    }
  }

  call<R extends RoleName, M extends keyof RoleCalls[R] & string>(role: R, method: M, params: ParamsOf<RoleCalls[R], M>): Promise<ResultOf<RoleCalls[R], M>> {
    const process = this.#roles.get(role);
    if (process === undefined) throw new Error(`the ${role} process has not been started`);
    return process.call<ResultOf<RoleCalls[R], M>>(method, params);
  }

  get pids(): Readonly<Record<string, number | undefined>> {
    return Object.fromEntries([...this.#roles].map(([name, role]) => [name, role.pid]));
  }

  /** In the order in which nobody loses what it still needs. */
  async stop(): Promise<void> {
    for (const name of ["verifier", "worker", "enterprise", "platform", "coordinator"] as const) await this.#roles.get(name)?.stop();
  }
}
