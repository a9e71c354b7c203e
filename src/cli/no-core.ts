import { writeFileSync } from "node:fs";

/**
 * Withholds this process's memory, and that of what it starts, from core files (Linux; elsewhere the operator's limit is all there
 * is). A size limit is not for a process without native code to set; this has the same effect: a core without any memory in it.
 */
export function withholdCore(): void {
  try {
    writeFileSync("/proc/self/coredump_filter", "0");
  } catch {
    // Not Linux, or /proc is not there or not writable: docs/abuse.md says what an operator sets.
  }
}
