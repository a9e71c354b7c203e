/** What a program needs beyond the records; bound in the dataset root and the leaf (DESIGN 3.1). */
export interface Terms {
  /** days since 1970-01-01, 0..65535 */
  readonly asOfDay: number;
  /** minor units: the monthly instalment for retail-account (1..2^31-1), 0 for sme-invoice */
  readonly termsAmount: number;
}
