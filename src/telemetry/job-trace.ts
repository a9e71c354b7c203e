/** Ids of the trace that a job is (W3C Trace Context: 16 and 8 bytes in lower-case hex). */
export interface JobTrace { readonly traceId: string; readonly rootSpanId: string }

/**
 * A job's trace is told by its id: the first 16 bytes name the trace, the next 8 its root span. So every role that handles
 * the job adds to one trace without a header that would have to be signed, stored or trusted. Ids are hashes: an all-zero
 * one, which the standard forbids, does not occur.
 */
export const jobTrace = (job: string): JobTrace => ({ traceId: job.slice(0, 32), rootSpanId: job.slice(32, 48) });
