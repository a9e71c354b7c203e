import { blobRoutes } from "./handlers/blobs.js";
import { callbackRoutes } from "./handlers/callbacks.js";
import { datasetRoutes } from "./handlers/datasets.js";
import { grantRoutes } from "./handlers/grants.js";
import { jobRoutes } from "./handlers/jobs.js";
import { keyReleaseRoutes } from "./handlers/key-release.js";
import { leafRoutes } from "./handlers/leaves.js";
import { provedLeafRoutes } from "./handlers/proved-leaves.js";
import { proofRequestRoutes } from "./handlers/proof-requests.js";
import { leaseRoutes } from "./handlers/leases.js";
import { modelRoutes } from "./handlers/models.js";
import { releaseLogRoutes } from "./handlers/release-log.js";
import { systemRoutes } from "./handlers/system.js";
import { workerRoutes } from "./handlers/workers.js";
import { openApiOf } from "./openapi.js";
import type { Route } from "./route.js";

/** Everything that this service answers to, in the order of the data. */
export const ROUTES: readonly Route[] = [
  ...systemRoutes(() => openApiDocument()),
  ...blobRoutes, ...datasetRoutes, ...leafRoutes, ...provedLeafRoutes, ...proofRequestRoutes, ...grantRoutes, ...modelRoutes, ...jobRoutes, ...callbackRoutes,
  ...workerRoutes, ...leaseRoutes, ...keyReleaseRoutes, ...releaseLogRoutes,
];

let described: Record<string, unknown> | undefined;

/** The API description, as served at /openapi.json. Made once: anybody may ask for it. */
export const openApiDocument = (): Record<string, unknown> => (described ??= openApiOf(ROUTES));
