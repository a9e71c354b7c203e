// A party's broker with its guards, for both kinds of parties.
import { HeadKeeper, notedHeads, recordDeletions } from "../../broker/guard-log.js";
import { KeyBroker } from "../../broker/key-broker.js";
import type { BrokerEvent, BrokerTrust, PolicySource } from "../../broker/ports.js";
import { readReleaseLog, ReleaseLog } from "../../broker/release-log/log.js";
import { runBroker } from "../../broker/run-broker.js";
import type { SigningKey } from "../../protocol/dsse.js";
import type { BrokerApi } from "../../transport/api.js";
import type { Home } from "./home.js";
import { clock, random } from "./system.js";

export interface BrokerRun {
  readonly home: Home;
  readonly signing: SigningKey;
  readonly policy: PolicySource;
  readonly api: BrokerApi;
  readonly trust: BrokerTrust;
  readonly signal: AbortSignal;
  readonly onEvent: (event: BrokerEvent) => void;
}

/**
 * Answers key requests until the signal fires. The log must contain what the coordinator remembers of it: one that was put back
 * to an earlier state would give keys again that were given already.
 * @throws store_locked (another broker runs on the folder), store_failed
 */
export async function runPartyBroker({ home, signing, policy, api, trust, signal, onEvent }: BrokerRun): Promise<void> {
  const log = await ReleaseLog.open(home.folder, signing);
  try {
    await checkAgainst(home.folder, signing, api, onEvent);
    const broker = new KeyBroker({ identity: signing, keys: home.keys, policy, log, ...trust, clock, random, onEvent });
    const heads = new HeadKeeper(api, log, clock);
    await runBroker({
      api, broker, signal, onEvent,
      beforePoll: async () => {
        for (const subject of await recordDeletions(home.keys, log, clock)) onEvent({ kind: "destroyed", reason: subject });
      },
      keepHead: () => heads.keep(),
    });
  } finally {
    await log.close();
    home.keys.close();
  }
}

/** A coordinator that cannot be asked now does not hold a broker up: its first reply asks it again. */
async function checkAgainst(folder: string, signing: SigningKey, api: BrokerApi, onEvent: BrokerRun["onEvent"]): Promise<void> {
  const heads = await notedHeads(api, signing.publicKey).catch((error: unknown) => {
    onEvent({ kind: "unreachable", reason: String(error) });
    return [];
  });
  await readReleaseLog(folder, signing.publicKey, heads);
}
