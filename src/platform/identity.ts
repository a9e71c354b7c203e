import { partyFromSeed, type Party } from "../broker/party.js";
import type { Bytes } from "../protocol/bytes.js";

export type Platform = Party;

/** All keys of a platform from one 32-byte seed. @throws input_invalid */
export const platformFromSeed = (seed: Bytes): Platform => partyFromSeed("platform", seed);
