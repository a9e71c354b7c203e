// The coordinator of the demo; its log goes to a file beside its store.
import { createWriteStream, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Coordinator } from "../../../coordinator/start.js";
import { hexId, type Measurement } from "../../../protocol/ids.js";
import { openCoordinator } from "../../roles/coordinator.js";
import type { CoordinatorCalls, HandlersOf } from "../roles.js";
import { serve } from "../rpc.js";

let coordinator: Coordinator | undefined;

serve({
  start: async ({ stateDir, rpcUrl, deployment, registrarKey, measurement }) => {
    mkdirSync(stateDir, { recursive: true });
    coordinator = await openCoordinator({
      settings: { stateDir, port: 0, developmentParameters: true, confirmations: 0, watchMs: 100 },
      rpcUrl, deployment, registrarKey,
      measurements: [hexId<Measurement>(measurement, 48, "measurement")],
      simulation: true,
      log: createWriteStream(join(stateDir, "coordinator.log"), { flags: "a" }),
    });
    return { url: coordinator.url };
  },
} satisfies HandlersOf<CoordinatorCalls>, async () => coordinator?.close());
