export interface EnclaveBundle {
  readonly code: Uint8Array;
  /** SHA-384 of the code, lower-case hex. */
  readonly measurement: string;
  readonly packages: readonly { readonly name: string; readonly version: string; readonly license: string }[];
  /** Files of our own in the bundle. */
  readonly files: number;
  /** Their lines of code, without blank lines and comments; generated files apart. */
  readonly lines: number;
  readonly generatedLines: number;
}
/** Bundles an entry of a checkout, in memory: enclave/main.ts unless told otherwise. */
export function bundleEnclave(root?: string, entry?: string): Promise<EnclaveBundle>;
