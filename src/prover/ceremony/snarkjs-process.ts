import { spawn, type ChildProcess } from "node:child_process";
import { createRequire } from "node:module";
import { VeriteeError } from "../../protocol/errors.js";
import { SNARKJS_SCRIPT } from "./snarkjs-script.js";

/** `done` of `total` steps of what snarkjs is at. */
export interface EngineStep {
  readonly step: string;
  readonly done: number;
  readonly total: number;
}

/** The ceremony functions of snarkjs; each also takes a logger. Files are paths, hashes blake2b-512. */
interface SnarkjsCalls {
  "zKey.newZKey": (r1cs: string, ptau: string, zkey: string) => string | -1;
  "zKey.contribute": (from: string, to: string, name: string, entropy: string) => string;
  "zKey.beacon": (from: string, to: string, name: string, beacon: string, iterationsLog2: number) => string | false;
  "zKey.verifyFromR1cs": (r1cs: string, ptau: string, zkey: string) => boolean;
  "powersOfTau.verify": (ptau: string) => boolean;
}

export interface EngineRun<T> {
  readonly value: T;
  /** What snarkjs complained of, in its words. */
  readonly complaints: string;
}

type Answer =
  | { readonly kind: "step" } & EngineStep
  | { readonly kind: "done"; readonly value: unknown; readonly complaints: readonly string[] }
  | { readonly kind: "failed"; readonly reason: string; readonly complaints: readonly string[] };

let running: ChildProcess | undefined;
let last: Promise<unknown> = Promise.resolve();

/**
 * Has a function of snarkjs run in a process of its own, one at a time. The process stays for the next call and ends with
 * this one. @throws artefact_mismatch with snarkjs' words when it breaks off: its input is malformed
 */
export function snarkjs<N extends keyof SnarkjsCalls>(
  call: N, args: Parameters<SnarkjsCalls[N]>, onStep: (step: EngineStep) => void = () => undefined,
): Promise<EngineRun<ReturnType<SnarkjsCalls[N]>>> {
  const run = last.then(() => ask<ReturnType<SnarkjsCalls[N]>>(call, args, onStep));
  last = run.catch(() => undefined);
  return run;
}

function ask<T>(call: string, args: readonly unknown[], onStep: (step: EngineStep) => void): Promise<EngineRun<T>> {
  const child = (running ??= start());
  const [part, name] = call.split(".");
  hold(child, true);
  return new Promise<EngineRun<T>>((resolve, reject) => {
    const ended = (): void => settle(() => reject(new VeriteeError("internal", "the process that runs snarkjs ended", { call })));
    const settle = (how: () => void): void => {
      child.off("message", answered).off("exit", ended);
      hold(child, false);
      how();
    };
    const answered = (answer: Answer): void => {
      if (answer.kind === "step") return onStep(answer);
      const complaints = answer.complaints.join("; ");
      if (answer.kind === "done") settle(() => resolve({ value: answer.value as T, complaints }));
      else settle(() => reject(new VeriteeError("artefact_mismatch", "snarkjs cannot work with the file", { call, reason: answer.reason, complaints })));
    };
    child.on("message", answered).on("exit", ended);
    child.send({ part, name, args });
  });
}

function start(): ChildProcess {
  const module = createRequire(import.meta.url).resolve("snarkjs");
  const child = spawn(process.execPath, ["--no-warnings", "--eval", SNARKJS_SCRIPT, module], { stdio: ["ignore", "ignore", "inherit", "ipc"] });
  child.once("exit", () => void (running = undefined));
  return child;
}

/** Whether this process waits for the other one, or may end and take it along. */
function hold(child: ChildProcess, waiting: boolean): void {
  child[waiting ? "ref" : "unref"]();
  child.channel?.[waiting ? "ref" : "unref"]();
}
