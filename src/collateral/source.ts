import type { TrustAnchors } from "../attestation/verdict.js";
import type { Bytes } from "../protocol/bytes.js";
import { VeriteeError } from "../protocol/errors.js";
import { fetchSnp, type KdsService } from "./amd-kds.js";
import type { CollateralCache } from "./cache.js";
import { daysLeft, WARN_DAYS } from "./expiry.js";
import { fetchDcap, type PcsService } from "./intel-pcs.js";
import { nameOf, type CollateralRequest } from "./request.js";
import { isOlder, verifyCollateral, type VerifiedCollateral } from "./verify.js";

export interface SourceOptions {
  readonly cache: CollateralCache;
  /** Without a service, the cache and what is imported into it are all there is. */
  readonly pcs?: PcsService | undefined;
  readonly kds?: KdsService | undefined;
  readonly anchors: TrustAnchors;
  /** Unix seconds. */
  readonly now: () => number;
}

/** Collateral that was good a moment ago. */
export interface Held extends VerifiedCollateral {
  readonly name: string;
  /** As an appraiser takes it. */
  readonly content: Bytes;
  readonly from: "cache" | "service";
  /** Why the service was of no help, where it was asked and the cache stood in. */
  readonly trouble?: VeriteeError;
}

/**
 * Collateral from the cache while that is good, from the vendor's service otherwise and in the last week before it lapses.
 * Stale collateral is never given: a service that is down fails closed.
 */
export class CollateralSource {
  readonly #options: SourceOptions;
  readonly #underWay = new Map<string, Promise<Held>>();

  constructor(options: SourceOptions) {
    this.#options = options;
  }

  /**
   * @throws collateral_expired when what is cached is stale and the service gives nothing good; with nothing cached,
   * collateral_unavailable (no service, or none that answers) and what verification of its answer throws
   */
  async get(request: CollateralRequest): Promise<Held> {
    const cached = await this.#cached(request);
    if (cached.held !== undefined && daysLeft(cached.held.validUntil, this.#options.now()) >= WARN_DAYS) return cached.held;
    return this.#fetchOr(request, cached);
  }

  /** Asks the service whatever the cache has; the newer answer of the two counts. @throws as get */
  async refresh(request: CollateralRequest): Promise<Held> {
    return this.#fetchOr(request, await this.#cached(request));
  }

  async #fetchOr(request: CollateralRequest, cached: Cached): Promise<Held> {
    try {
      const fetched = await this.#fetchOnce(request);
      return cached.held !== undefined && isOlder(fetched, cached.held) ? cached.held : await this.#keep(request, fetched);
    } catch (error) {
      // A service that is configured wrongly is the operator's to hear of, not an outage to bridge.
      if (!(error instanceof VeriteeError) || error.code === "config_invalid") throw error;
      if (cached.held !== undefined) return { ...cached.held, trouble: error };
      if (cached.stale === undefined) throw error;
      throw new VeriteeError("collateral_expired", "the cached collateral is stale and the service gives no other",
        { request: nameOf(request), ...cached.stale.facts, service: error.code }, { cause: error });
    }
  }

  /** Callers that want the same at once share one fetch. */
  #fetchOnce(request: CollateralRequest): Promise<Held> {
    const name = nameOf(request);
    const running = this.#underWay.get(name);
    if (running !== undefined) return running;
    const fetching = this.#fetch(request).finally(() => this.#underWay.delete(name));
    this.#underWay.set(name, fetching);
    return fetching;
  }

  async #fetch(request: CollateralRequest): Promise<Held> {
    const content = await this.#ask(request);
    const verified = await verifyCollateral(request, content, this.#options.anchors, this.#options.now());
    return { ...verified, name: nameOf(request), content, from: "service" };
  }

  #ask(request: CollateralRequest): Promise<Bytes> {
    const { pcs, kds } = this.#options;
    if (request.platform === "snp" && kds !== undefined) return fetchSnp(request, kds);
    if (request.platform !== "snp" && pcs !== undefined) return fetchDcap(request, pcs);
    throw new VeriteeError("collateral_unavailable", "no collateral service is configured, and the cache has nothing that is good", { request: nameOf(request) });
  }

  async #keep(request: CollateralRequest, held: Held): Promise<Held> {
    await this.#options.cache.write(request, held.content, held);
    return held;
  }

  async #cached(request: CollateralRequest): Promise<Cached> {
    const found = await this.#options.cache.read(request);
    if (found === undefined) return {};
    try {
      const verified = await verifyCollateral(request, found.content, this.#options.anchors, this.#options.now());
      return { held: { ...verified, name: found.entry.name, content: found.content, from: "cache" } };
    } catch (error) {
      if (!(error instanceof VeriteeError)) throw error;
      return error.code === "collateral_expired" || error.code === "certificate_expired" ? { stale: error } : {};
    }
  }
}

interface Cached {
  readonly held?: Held;
  /** Why what is there counts no longer. */
  readonly stale?: VeriteeError;
}
