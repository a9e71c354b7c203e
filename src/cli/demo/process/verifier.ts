// The verifier of the demo: sees the receipt file and a node, nothing else. A demo has DEVELOPMENT parameters, so it allows them.
import { verifyFile } from "../../roles/verifier.js";
import type { HandlersOf, VerifierCalls } from "../roles.js";
import { serve } from "../rpc.js";

serve({
  verify: async (request) => {
    const { ok, simulated, developmentParameters, checks } = await verifyFile({ ...request, allowDevelopment: true });
    return { ok, simulated, developmentParameters, failed: checks.filter((c) => !c.ok).map((c) => `${c.name}: ${c.detail}`) };
  },
} satisfies HandlersOf<VerifierCalls>);
