import { readSend, type Send } from "../coordinator/outbox/queue.js";
import type { OutboxRow } from "../coordinator/store/schema.js";

/** A row of the outbox with its deed; undefined deeds cannot be read, which checks/sends.ts says. */
export interface Planned<S = Send> { readonly row: OutboxRow; readonly send: S }

export function readPlanned(row: OutboxRow): Planned<Send | undefined> {
  try {
    return { row, send: readSend(row) };
  } catch {
    return { row, send: undefined };
  }
}

export const isReadable = (planned: Planned<Send | undefined>): planned is Planned => planned.send !== undefined;
