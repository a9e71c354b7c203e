import { RegistryMirror } from "../chain/mirror.js";
import type { ChainReader, ChainSender } from "../chain/ports.js";
import { relayOf } from "../chain/relay.js";
import type { ChainPort } from "./chain-port.js";

/** The ledger by an EVM node. The sender's account must be used by nobody else. */
export const evmChain = (reader: ChainReader, sender: ChainSender): ChainPort => relayOf(reader, sender, new RegistryMirror(reader));
