import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { nodeFiles } from "./adapters/files.js";
import { nodeHttp } from "./adapters/http.js";
import { nsmHelper } from "./adapters/nsm-helper.js";
import { tpm2Tools } from "./adapters/tpm2-tools.js";
import { AZURE_TAG, AzureVtpmCollector, TPM_DEVICE } from "./azure.js";
import type { Platforms } from "./choose.js";
import { ConfidentialSpaceCollector, LAUNCHER_SOCKET } from "./confidential-space.js";
import { ConfigfsTsmCollector, TSM_REPORTS } from "./configfs-tsm.js";
import { DSTACK_SOCKET, DstackCollector } from "./dstack.js";
import { GRAMINE_TYPE, GramineCollector } from "./gramine.js";
import { NitroCollector, NSM_DEVICE } from "./nitro.js";
import type { Files, Pause } from "./ports.js";

export interface HardwareSettings { readonly privilegeLevel: number | undefined; readonly nsmHelper: string }

/** Every platform on this machine's own interfaces. */
export function hardwarePlatforms({ privilegeLevel, nsmHelper: helper }: HardwareSettings, files: Files = nodeFiles): Platforms {
  const pause: Pause = (milliseconds) => sleep(milliseconds);
  const at = (path: string) => (): Promise<boolean> => files.exists(path);
  return {
    gramine: { present: at(GRAMINE_TYPE), collector: () => new GramineCollector(files, pause) },
    nitro: { present: at(NSM_DEVICE), collector: () => new NitroCollector(nsmHelper(helper), pause) },
    dstack: { present: at(DSTACK_SOCKET), collector: () => new DstackCollector(nodeHttp, pause) },
    "confidential-space": { present: at(LAUNCHER_SOCKET), collector: () => new ConfidentialSpaceCollector(nodeHttp, pause) },
    "configfs-tsm": {
      present: at(TSM_REPORTS),
      collector: () => new ConfigfsTsmCollector({
        files, pause, newName: () => `veritee-${randomUUID()}`, ...(privilegeLevel === undefined ? {} : { privilegeLevel }),
      }),
    },
    "azure-vtpm": { present: () => isAzure(files), collector: () => new AzureVtpmCollector({ tpm2: tpm2Tools(), http: nodeHttp, pause }) },
  };
}

/** Many machines have a TPM: Azure's is known by the mark in its firmware tables. */
async function isAzure(files: Files): Promise<boolean> {
  if (!(await files.exists(TPM_DEVICE)) || !(await files.exists(AZURE_TAG.path))) return false;
  const tag = Buffer.from(await files.read(AZURE_TAG.path, 4096)).toString("latin1");
  return tag.trim() === AZURE_TAG.value;
}
