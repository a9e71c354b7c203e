import type { VeriteeError } from "../protocol/errors.js";
import type { LedgerAddress } from "../protocol/ids.js";
import { startAnvil, type ListenAt } from "./anvil.js";
import { rpc } from "./rpc.js";
import { awaitPredecessor, holdState, releaseState } from "./state-lock.js";
import { restoreState, StateKeeper } from "./state-file.js";

export interface DevChainOptions {
  readonly chainId: number;
  /**
   * State kept over restarts; without it the chain is forgotten. One process at a time. A stop, and our own death, lose
   * nothing; a kill -9 of the chain loses at most about a second. Calls into old blocks' state do not survive a restart.
   */
  readonly stateFile?: string;
  /** EVM rules of the chain; contracts are compiled for paris whatever it says. */
  readonly hardfork?: "paris" | "shanghai" | "cancun" | "prague" | "osaka";
  /** 127.0.0.1 and a free port unless given. Beyond this machine only where nobody else can reach it: it obeys everyone. */
  readonly listen?: ListenAt | undefined;
  /** Told when the state could not be saved (store_failed, storage_full); the chain runs on. */
  readonly onProblem?: (problem: VeriteeError) => void;
}

/** An anvil process of ours on 127.0.0.1. It gives coins to anyone: never a chain to rely on. */
export interface DevChain {
  readonly rpcUrl: string;
  readonly chainId: number;
  readonly pid: number;
  /** Sets an account's balance, in coins. */
  fund(account: LedgerAddress, coins?: bigint): Promise<void>;
  mine(blocks: number): Promise<void>;
  /** Writes the state and ends the process. Harmless when it has ended. */
  stop(): Promise<void>;
  /** Resolves when the process has ended for whatever reason. */
  readonly ended: Promise<void>;
}

const STOP_TIMEOUT_MS = 10_000;
const WEI_PER_COIN = 10n ** 18n;

/** @throws chain_unavailable when anvil is missing or does not start, store_failed when its state is damaged, store_locked when it is in use */
export async function startDevChain(options: DevChainOptions): Promise<DevChain> {
  const { chainId, stateFile } = options;
  if (stateFile !== undefined) {
    await awaitPredecessor(stateFile);
    await restoreState(stateFile);
  }
  const { child, rpcUrl, ended } = await startAnvil([
    // Named: the default is whatever the release thinks newest.
    "--hardfork", options.hardfork ?? "prague", "--chain-id", String(chainId), "--accounts", "0",
    ...(stateFile === undefined ? [] : ["--state", stateFile]),
  ], options.listen);
  if (stateFile !== undefined) await holdState(stateFile, { pid: child.pid as number, rpcUrl });
  const keeper = stateFile === undefined ? undefined : new StateKeeper(rpcUrl, stateFile, options.onProblem ?? (() => undefined));
  void ended.then(() => keeper?.close());

  return {
    rpcUrl,
    chainId,
    pid: child.pid as number,
    fund: async (account, coins = 1_000_000n) => void (await rpc(rpcUrl, "anvil_setBalance", [`0x${account}`, hex(coins * WEI_PER_COIN)])),
    mine: async (blocks) => void (await rpc(rpcUrl, "anvil_mine", [hex(blocks)])),
    stop: async () => {
      await keeper?.close();
      child.kill("SIGINT");
      const timer = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
      await ended;
      clearTimeout(timer);
      if (stateFile !== undefined) await releaseState(stateFile);
    },
    ended,
  };
}

const hex = (value: bigint | number): string => `0x${value.toString(16)}`;
