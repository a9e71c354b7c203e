export interface StageOptions {
  readonly platform: string;
  readonly out: string;
  readonly coordinator: string;
  readonly artefacts: string;
  readonly image?: string;
  readonly source?: string;
  /** Where the production bundle is; dist/enclave of the checkout unless told otherwise. */
  readonly bundles?: string;
}
/** Lays out an image's files. @returns the bundle's measurement */
export function stage(options: StageOptions): string;
