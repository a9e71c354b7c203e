import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { DestinationStream } from "pino";
import { adminServer } from "./admin.js";
import { Bells } from "./bells.js";
import { relayBells } from "./relay-bells.js";
import type { Blobs } from "./blobs/blobs.js";
import { openBlobs } from "./blobs/open.js";
import type { ChainPort } from "./chain-port.js";
import { probeFolder } from "./disk.js";
import { readConfig, type CoordinatorConfig, type CoordinatorSettings } from "./config.js";
import type { AppraiseWorker, Context } from "./context.js";
import { DatabaseClock } from "./database-clock.js";
import { NO_SPANS, type SpanSink } from "../telemetry/span.js";
import { runCallbacks } from "./callbacks/deliver.js";
import { callbackRules } from "./callbacks/settings.js";
import { runWatcher } from "./finality/watch.js";
import { Gate } from "./guard/gate.js";
import { LagMeter } from "./guard/lag.js";
import { boundedServer } from "./guard/server.js";
import { createApp } from "./http/app.js";
import { ROUTES } from "./http/routes.js";
import { createLog, errorFields, type Log } from "./log.js";
import { ServiceMetrics } from "./metrics/service-metrics.js";
import { processGauges, storeGauges } from "./metrics/store-gauges.js";
import { runBatches, type FindBadProofs } from "./outbox/batch.js";
import { runSender } from "./outbox/sender.js";
import { ReadinessCheck } from "./readiness.js";
import { runSpans } from "./spans/run-spans.js";
import { storedNonces } from "./store/nonces.js";
import { openStore } from "./store/open.js";
import type { Db } from "./store/schema.js";
import { runSweeper } from "./sweeper.js";
import { transactionGauges } from "./transactions/gauges.js";
import type { OpenChain, OpenedChain } from "./transactions/open-chain.js";
import { runTransactions } from "./transactions/run-transactions.js";

export interface CoordinatorPorts {
  /** The ledger, or how to open it on the store that keeps its transactions. */
  readonly chain: ChainPort | OpenChain;
  readonly appraiseWorker: AppraiseWorker;
  readonly findBadProofs: FindBadProofs;
  /** By default evidence stays as it came. */
  readonly completeEvidence?: Context["completeEvidence"] | undefined;
  /** Gets JSON lines. */
  readonly log: DestinationStream;
  /** The operator's collector of traces, if there is one. */
  readonly spans?: SpanSink | undefined;
  /** Unix seconds; the default is the database's clock. */
  readonly now?: () => number;
}

export interface Coordinator {
  readonly url: string;
  /** Where metrics and probes are, if anywhere. */
  readonly adminUrl: string | undefined;
  /** Lets requests that are under way end, then closes the store. */
  close(): Promise<void>;
}

const DRAIN_MS = 10_000;
const IDLE_LOOK_MS = 20;

/** Starts a coordinator. @throws config_invalid, store_locked, store_failed */
export async function startCoordinator(settings: CoordinatorSettings, ports: CoordinatorPorts): Promise<Coordinator> {
  const config = readConfig(settings);
  const { blobs, close: closeBlobs } = await openBlobs(config.blobs, join(config.stateDir, "blobs"));
  try {
    const db = await openStore(config.stateDir, config.database);
    const coordinator = await serve(config, { ...ports, blobs }, db).catch(async (error: unknown) => {
      await db.destroy();
      throw error;
    });
    return { ...coordinator, close: () => coordinator.close().finally(closeBlobs) };
  } catch (error) {
    closeBlobs();
    throw error;
  }
}

interface ServePorts extends CoordinatorPorts { readonly blobs: Blobs }
/** A ledger that keeps its transactions itself needs no looking after. */
type ServedChain = Pick<OpenedChain, "chain"> & Partial<OpenedChain>;

async function serve(config: CoordinatorConfig, ports: ServePorts, db: Db): Promise<Coordinator> {
  const stopping = new AbortController();
  const authorities = [...config.authorities];
  const [lag, metrics] = [new LagMeter(), new ServiceMetrics()];
  lag.start(stopping.signal);
  const log = metrics.over(createLog(ports.log));
  const served: ServedChain = typeof ports.chain === "function"
    ? await ports.chain({ db, log, transactions: config.transactions, stopping: stopping.signal }) : { chain: ports.chain };
  const clock = await DatabaseClock.start(db);
  const ctx = contextOf(config, { ...ports, now: ports.now ?? clock.now, chain: served.chain, counted: log, lag }, db, stopping.signal, authorities);
  const server = boundedServer(config.load, createApp(ctx, ROUTES));
  server.listen(config.port, config.host);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  authorities.push(`${config.host}:${port}`, `localhost:${port}`);
  ctx.log.write("info", "started", { port });
  const admin = await openAdmin(config, ctx, metrics, lag);
  const batches = { ...ctx, batching: config, findBadProofs: ports.findBadProofs };
  const loops = [runSender(ctx, stopping.signal), runBatches(batches, stopping.signal), runSweeper(ctx, stopping.signal), runWatcher({ ...ctx, watchMs: config.watchMs }, stopping.signal), clock.follow(stopping.signal)];
  if (served.lookAfter !== undefined) loops.push(runTransactions({ ...ctx, lookAfter: served.lookAfter }, stopping.signal));
  const { spans = NO_SPANS } = ports;
  if (spans !== NO_SPANS) loops.push(runSpans(ctx, spans, stopping.signal));
  if (config.database.kind === "postgres") loops.push(relayBells(config.database.url, ctx, stopping.signal));
  if (!ctx.callbacks.allow.empty) loops.push(runCallbacks(ctx, stopping.signal));
  let closed: Promise<void> | undefined;
  return {
    url: `http://${config.host}:${port}`,
    adminUrl: admin === undefined ? undefined : `http://${config.adminHost}:${(admin.address() as AddressInfo).port}`,
    // The operator's probes are answered until the end.
    close: () => (closed ??= stop(ctx, server, stopping, loops, admin)),
  };
}

async function openAdmin(config: CoordinatorConfig, ctx: Context, metrics: ServiceMetrics, lag: LagMeter): Promise<Server | undefined> {
  if (config.adminPort === undefined) return undefined;
  const server = adminServer({
    readiness: ctx.readiness,
    families: async () => [...metrics.families(), ...processGauges(ctx.gate.pending, lag.ms), ...await storeGauges(ctx.db), ...await transactionGauges(ctx.db)],
    failed: (error) => { ctx.log.write("error", "loop_failed", { kind: "admin", ...errorFields(error) }); },
  });
  server.listen(config.adminPort, config.adminHost);
  await once(server, "listening");
  return server;
}

function contextOf(config: CoordinatorConfig, ports: ServePorts & { readonly now: () => number; readonly chain: ChainPort; readonly counted: Log; readonly lag: LagMeter }, db: Db, stopping: AbortSignal, authorities: readonly string[]): Context {
  return {
    db,
    blobs: ports.blobs,
    chain: ports.chain,
    confirmations: config.confirmations,
    bells: new Bells(),
    log: ports.counted,
    limits: config,
    quotas: config.quotas,
    callbacks: callbackRules(config.callbacks),
    gate: new Gate({ ...config, lag: ports.lag, stopping }),
    readiness: new ReadinessCheck({ db, chain: ports.chain, stopping, folder: config.blobs.kind === "folder" ? () => probeFolder(join(config.stateDir, "blobs")) : undefined }),
    nonces: storedNonces(db),
    appraiseWorker: ports.appraiseWorker,
    completeEvidence: ports.completeEvidence ?? (async (evidence) => evidence),
    now: ports.now,
    developmentParameters: config.developmentParameters,
    workerSeconds: Math.round(config.workerHours * 3600),
    authorities: () => authorities,
    stopping,
  };
}

async function stop(ctx: Context, server: Server, stopping: AbortController, loops: readonly Promise<void>[], admin: Server | undefined): Promise<void> {
  ctx.log.write("info", "stopping", {});
  stopping.abort();
  const closed = new Promise<void>((resolve) => { server.close(() => { resolve(); }); });
  // A long poll that is answered now leaves its connection open and idle.
  const idle = setInterval(() => { server.closeIdleConnections(); }, IDLE_LOOK_MS);
  const late = setTimeout(() => { server.closeAllConnections(); }, DRAIN_MS);
  await closed;
  clearInterval(idle);
  clearTimeout(late);
  await Promise.all(loops);
  admin?.close();
  admin?.closeAllConnections();
  await ctx.db.destroy();
  ctx.log.write("info", "stopped", {});
}
