import type { Log, LogEvent, LogFields } from "../log.js";
import type { Family } from "./exposition.js";
import { Counter, Histogram } from "./registry.js";

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const SIZES = [1, 2, 4, 8, 16, 32, 64];

/**
 * Counts what is logged. Labels come from closed sets only: patterns of routes, error codes, kinds of deeds, programs. Never
 * an id, a path or what a caller wrote.
 */
export class ServiceMetrics {
  readonly #requests = new Counter("veritee_requests_total", "Requests answered, by route, status and error code.");
  readonly #requestSeconds = new Histogram("veritee_request_seconds", "Time to answer, waiting for news included.", SECONDS);
  readonly #swept = new Counter("veritee_jobs_swept_total", "Jobs whose lease lapsed or whose time was over, by the state they went to.");
  readonly #batchSize = new Histogram("veritee_batch_receipts", "Receipts sent in one transaction.", SIZES);
  readonly #batchSeconds = new Histogram("veritee_batch_wait_seconds", "How long the oldest receipt of a batch waited.", SECONDS);
  readonly #gas = new Counter("veritee_batch_gas_total", "Gas of all transactions with receipts.");
  readonly #deeds = new Counter("veritee_deeds_total", "Deeds on the ledger, by kind, outcome and error code.");
  readonly #callbacks = new Counter("veritee_callbacks_total", "Tries to tell a platform that its job has ended, by outcome and error code.");
  readonly #reorganised = new Counter("veritee_chain_reorganised_total", "Deeds that a reorganisation moved or undid, and alarms (beyond_final).");
  readonly #endpoints = new Counter("veritee_chain_endpoint_trouble_total", "Nodes that were away, lagged or disagreed, by position.");
  readonly #transactions = new Counter("veritee_chain_transaction_events_total", "What had to be done about transactions on their way to the ledger.");
  readonly #failures = new Counter("veritee_loop_failures_total", "Unexpected failures of what runs in the background.");

  /** The log, with everything that goes by counted. */
  over(log: Log): Log {
    return {
      write: (level, event, fields) => {
        this.#count(event, fields);
        log.write(level, event, fields);
      },
    };
  }

  families(): readonly Family[] {
    return [this.#requests, this.#requestSeconds, this.#swept, this.#batchSize, this.#batchSeconds, this.#gas, this.#deeds, this.#reorganised, this.#endpoints, this.#callbacks, this.#transactions, this.#failures].map((m) => m.family());
  }

  #count(event: LogEvent, f: LogFields): void {
    switch (event) {
      case "request": {
        const route = f.route ?? "";
        this.#requests.add({ method: METHODS.has(f.method ?? "") ? (f.method as string) : "other", route, status: String(f.status), code: f.code ?? "" });
        if (f.durationMs !== undefined) this.#requestSeconds.observe({ route }, f.durationMs / 1000);
        return;
      }
      case "job_changed": return this.#swept.add({ state: f.state ?? "" });
      case "batch_taken": return this.#batchSeconds.observe({ program: f.program ?? "", trigger: f.kind ?? "" }, (f.waitMs ?? 0) / 1000);
      case "batch_sent": {
        this.#batchSize.observe({ program: f.program ?? "" }, f.count ?? 0);
        return this.#gas.add({ program: f.program ?? "" }, f.gas ?? 0);
      }
      case "send_done": return this.#deeds.add({ kind: f.kind ?? "", outcome: "done", code: "" });
      case "send_refused": return this.#deeds.add({ kind: f.kind ?? "", outcome: "refused", code: f.code ?? "" });
      case "send_postponed": return this.#deeds.add({ kind: f.kind ?? "", outcome: "postponed", code: f.code ?? "" });
      case "callback_done": return this.#callbacks.add({ outcome: "done", code: "" });
      case "callback_postponed": return this.#callbacks.add({ outcome: "postponed", code: f.code ?? "" });
      case "callback_failed": return this.#callbacks.add({ outcome: "failed", code: f.code ?? "" });
      case "send_retracted": return this.#reorganised.add({ kind: f.state ?? "" });
      case "reorganised_beyond_final": return this.#reorganised.add({ kind: "beyond_final" });
      case "endpoint_trouble": return this.#endpoints.add({ endpoint: String(f.endpoint ?? 0), trouble: f.kind ?? "" });
      case "transaction_tended": return this.#transactions.add({ kind: f.kind ?? "" });
      case "loop_failed": return this.#failures.add({ kind: f.kind ?? "" });
      default:
    }
  }
}

const METHODS: ReadonlySet<string> = new Set(["GET", "PUT", "POST"]);
