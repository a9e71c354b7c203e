import { Command, InvalidArgumentError, Option } from "commander";
import { writeFile } from "node:fs/promises";
import { SIMULATION_ANCHORS, VENDOR_ANCHORS } from "../../attestation/roots.js";
import { amdKds, kdsProxy } from "../../collateral/amd-kds.js";
import { exportBundle, importBundle } from "../../collateral/bundle.js";
import { CollateralCache, type CacheEntry } from "../../collateral/cache.js";
import { daysLeft } from "../../collateral/expiry.js";
import { intelPcs, pccs } from "../../collateral/intel-pcs.js";
import { requestOfEvidence } from "../../collateral/of-evidence.js";
import { parseRequest, type CollateralRequest } from "../../collateral/request.js";
import { CollateralSource } from "../../collateral/source.js";
import { VeriteeError } from "../../protocol/errors.js";
import { readBytes } from "../case-folder.js";
import { collateralStates } from "../doctor/collateral.js";
import { createOutput } from "../output.js";
import { ensureMaySimulate } from "../profile.js";
import { DEFAULT_CACHE, SERVICE_LIMITS } from "../roles/collateral.js";
import { clock } from "../roles/system.js";

interface Common { cache: string; simulation?: boolean; json?: boolean }
interface FetchOptions extends Common {
  platform: string; evidence?: string; product?: string; vlek?: string; fmspc?: string; ca: string; chipId?: string; tcb?: Record<string, number>;
  pccs?: URL; kds?: URL; out?: string;
}

const common = (command: Command): Command =>
  command
    .option("--cache <dir>", "folder of the cache", DEFAULT_CACHE)
    .option("--simulation", "also accept the public simulator's roots")
    .option("--json", "print the result as JSON");
function anchorsOf({ simulation = false }: Common) {
  if (simulation) ensureMaySimulate("the simulator's roots");
  return simulation ? SIMULATION_ANCHORS : VENDOR_ANCHORS;
}

function parseUrl(text: string): URL {
  if (!URL.canParse(text)) throw new InvalidArgumentError("give an address like https://pccs.example:8081");
  return new URL(text);
}

/** `bootloader=9,tee=0,snp=23,microcode=72`. */
function parseTcb(text: string): Record<string, number> {
  const parts = text.split(",").map((part) => /^([a-z]+)=(\d{1,3})$/.exec(part));
  if (parts.some((part) => part === null)) throw new InvalidArgumentError("give SVNs like bootloader=9,tee=0,snp=23,microcode=72 (Turin: fmc=1 too)");
  return Object.fromEntries(parts.map((part) => [part?.[1] ?? "", Number(part?.[2])]));
}

export const collateralCommand = (): Command =>
  new Command("collateral")
    .description("What vendors publish about platforms (TCB, identities, revocation): fetch, keep, carry offline.")
    .addCommand(fetchCommand())
    .addCommand(listCommand())
    .addCommand(exportCommand())
    .addCommand(importCommand())
    .addCommand(removeCommand());

const fetchCommand = (): Command =>
  common(new Command("fetch"))
    .description("Fetch collateral from the vendor's service and verify it; the newer of service and cache is kept.")
    .addOption(new Option("--platform <name>", "which TEE").choices(["sgx", "tdx", "snp"]).makeOptionMandatory())
    .option("--evidence <file>", "a quote or report: says itself what is needed")
    .option("--fmspc <hex>", "SGX, TDX: family of the platform")
    .addOption(new Option("--ca <name>", "SGX, TDX: the PCK's issuer").choices(["platform", "processor"]).default("platform"))
    .addOption(new Option("--product <name>", "SNP").choices(["milan", "genoa", "turin"]))
    .option("--chip-id <hex>", "SNP: CHIP_ID of the report")
    .option("--tcb <svns>", "SNP: reported TCB, like bootloader=9,tee=0,snp=23,microcode=72", parseTcb)
    .option("--vlek <file>", "SNP: DER of the VLEK certificate that the cloud provider hands out")
    .option("--pccs <url>", "a cache of Intel's service instead of Intel's own", parseUrl)
    .option("--kds <url>", "a proxy of AMD's service instead of AMD's own", parseUrl)
    .option("--out <file>", "also write the collateral as `veritee appraise --collateral` takes it")
    .addHelpText("after", "\nExamples:\n  veritee collateral fetch --platform tdx --evidence quote.bin\n  veritee collateral fetch --platform tdx --fmspc b0c06f000000 --pccs https://pccs.example:8081")
    .action(async (o: FetchOptions) => {
      const source = new CollateralSource({
        cache: new CollateralCache(o.cache), anchors: anchorsOf(o), now: clock,
        pcs: o.pccs === undefined ? intelPcs(SERVICE_LIMITS) : pccs(o.pccs, SERVICE_LIMITS), kds: o.kds === undefined ? amdKds(SERVICE_LIMITS) : kdsProxy(o.kds, SERVICE_LIMITS),
      });
      const { name, anchor, from, validUntil, content, trouble } = await source.refresh(await requestOf(o));
      if (o.out !== undefined) await writeFile(o.out, content);
      const out = createOutput(o.json ?? false);
      if (trouble !== undefined) out.note(`the service was of no help: ${trouble.describe()}`);
      out.result({ name, anchor, from, validUntil, daysLeft: daysLeft(validUntil, clock()) },
        () => [`${name}: from the ${from}, ${anchor}, good until ${new Date(validUntil * 1000).toISOString()} (${daysLeft(validUntil, clock())} days)`]);
    });

async function requestOf({ platform, evidence, product, vlek, fmspc, ca, chipId, tcb }: FetchOptions): Promise<CollateralRequest> {
  const leaf = vlek === undefined ? undefined : await readBytes(vlek);
  if (evidence !== undefined) return requestOfEvidence(platform, await readBytes(evidence), { product, vlek: leaf });
  if (platform !== "snp") return parseRequest({ platform, fmspc: fmspc?.toLowerCase(), ca });
  return parseRequest({ platform, product, chipId: chipId?.toLowerCase(), tcb, ...(leaf === undefined ? {} : { vlek: Buffer.from(leaf).toString("base64") }) });
}

const listCommand = (): Command =>
  common(new Command("list"))
    .description("What the cache has, whether it is good, and for how long.")
    .action(async (o: Common) => {
      const states = await collateralStates(new CollateralCache(o.cache), anchorsOf(o), clock());
      createOutput(o.json ?? false).result(states, () =>
        states.length === 0 ? ["nothing cached"] : states.map((s) => `${s.name.padEnd(48)} ${s.anchor.padEnd(6)} ${String(s.daysLeft).padStart(5)} days  ${s.state}`));
    });

const exportCommand = (): Command =>
  common(new Command("export"))
    .description("Write cached collateral into one file, for machines without network.")
    .requiredOption("--out <file>", "the bundle")
    .option("--fmspc <hex...>", "only these platform families")
    .option("--chip-id <hex...>", "only these AMD chips")
    .addHelpText("after", "\nWithout a choice, everything in the cache. Stale collateral is refused.\n\nExample:\n  veritee collateral export --fmspc b0c06f000000 --out bundle.json")
    .action(async (o: Common & { out: string; fmspc?: string[]; chipId?: string[] }) => {
      const cache = new CollateralCache(o.cache);
      const requests = choose(await cache.list(), o.fmspc, o.chipId);
      const bundle = await exportBundle(cache, requests, anchorsOf(o), clock());
      await writeFile(o.out, bundle);
      createOutput(o.json ?? false).result({ file: o.out, entries: requests.length }, () => [`${o.out}: ${requests.length} entries, ${bundle.length} bytes`]);
    });

/** @throws not_found for a family or chip of which the cache has nothing */
function choose(entries: readonly CacheEntry[], fmspcs: readonly string[] | undefined, chips: readonly string[] | undefined): readonly CollateralRequest[] {
  const requests = entries.map(({ request }) => request);
  if (fmspcs === undefined && chips === undefined) return requests;
  return [...(fmspcs ?? []), ...(chips ?? [])].flatMap((wanted) => {
    const id = wanted.toLowerCase();
    const found = requests.filter((request) => (request.platform === "snp" ? request.chipId : request.fmspc) === id);
    if (found.length === 0) throw new VeriteeError("not_found", "the cache has nothing for it: fetch it first", { wanted });
    return found;
  });
}

const importCommand = (): Command =>
  common(new Command("import"))
    .description("Verify a bundle and take it into the cache: all of it, or nothing.")
    .argument("<file>", "a bundle that `collateral export` wrote")
    .action(async (file: string, o: Common) => {
      const kept = await importBundle(new CollateralCache(o.cache), await readBytes(file), anchorsOf(o), clock());
      createOutput(o.json ?? false).result(kept.map(({ name, anchor, validUntil }) => ({ name, anchor, validUntil, daysLeft: daysLeft(validUntil, clock()) })),
        () => kept.map(({ name, validUntil }) => `${name}: ${daysLeft(validUntil, clock())} days left`));
    });

const removeCommand = (): Command =>
  common(new Command("remove"))
    .description("Drop an entry from the cache: of a machine that is gone.")
    .argument("<name>", "as `collateral list` shows it")
    .action(async (name: string, o: Common) => {
      const removed = await new CollateralCache(o.cache).remove(name);
      if (!removed) throw new VeriteeError("not_found", "the cache has no such entry", { name });
      createOutput(o.json ?? false).result({ removed: name }, () => [`removed ${name}`]);
    });
