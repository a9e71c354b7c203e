/** Codes of docs/protocol.md 3.1: operation in the low 4 bits of a record's kind, symbol in the high 4. */
export const OPERATIONS = {
  "": 0,
  VKLAD: 1,
  VYBER: 2,
  "PREVOD Z UCTU": 3,
  "PREVOD NA UCET": 4,
  "VYBER KARTOU": 5,
} as const;

export const SYMBOLS = { "": 0, SIPO: 1, SLUZBY: 2, POJISTNE: 3, UROK: 4, "SANKC. UROK": 5, DUCHOD: 6 } as const;

export const operationOf = (kind: number): number => kind & 15;
export const symbolOf = (kind: number): number => kind >> 4;
export const kindOf = (operation: number, symbol: number): number => operation | (symbol << 4);
