import { rpc } from "../../../src/chain/rpc.js";

interface CallFrame {
  readonly to?: string;
  readonly input: string;
  readonly calls?: readonly CallFrame[];
}

/** Every call that a transaction made, itself first, precompiles included. */
export async function callsOf(rpcUrl: string, txHash: string): Promise<readonly CallFrame[]> {
  const flat = (frame: CallFrame): CallFrame[] => [frame, ...(frame.calls ?? []).flatMap(flat)];
  return flat(await rpc(rpcUrl, "debug_traceTransaction", [`0x${txHash}`, { tracer: "callTracer" }]) as CallFrame);
}
