import type { ChainReader, ChainSender } from "../chain/ports.js";
import { mirrorsOf, relayOf } from "../chain/relay.js";
import type { ChainPort } from "./chain-port.js";

/** The ledger by an EVM node. The sender's account must be used by nobody else. */
export const evmChain = (reader: ChainReader, sender: ChainSender): ChainPort => relayOf(reader, sender, mirrorsOf(reader));
