// Checks shared by the parsers of wire messages. Every one names the field it refuses.
import type { Bytes } from "../bytes.js";
import { ensure } from "../errors.js";
import { fieldFromBytes, type Field } from "../field.js";

export function fixed(name: string, value: Bytes, length: number): Bytes {
  ensure(value.length === length, "input_invalid", `${name} has a wrong length`, { field: name, expected: length, found: value.length });
  return Uint8Array.from(value);
}

export function bounded(name: string, value: Bytes, max: number): Bytes {
  ensure(value.length > 0 && value.length <= max, "input_invalid", `${name} is empty or too long`, { field: name, max, found: value.length });
  return Uint8Array.from(value);
}

export function text(name: string, value: string, max = 200): string {
  ensure(value.length > 0 && value.length <= max, "input_invalid", `${name} is empty or too long`, { field: name, max, found: value.length });
  return value;
}

/** int64 on the wire, a safe non-negative integer here. */
export function count(name: string, value: bigint, max = Number.MAX_SAFE_INTEGER): number {
  ensure(value >= 0n && value <= BigInt(max), "input_invalid", `${name} is out of range`, { field: name, value, max });
  return Number(value);
}

export function within(name: string, value: number, min: number, max: number): number {
  ensure(Number.isInteger(value) && value >= min && value <= max, "input_invalid", `${name} is out of range`, { field: name, value, min, max });
  return value;
}

export function element(name: string, value: Bytes): Field {
  return fieldFromBytes(fixed(name, value, 32));
}

export function required<T>(name: string, value: T | undefined): T {
  ensure(value !== undefined, "input_invalid", `${name} is missing`, { field: name });
  return value;
}

export function list<T, U>(name: string, values: readonly T[], limits: { min: number; max: number }, read: (value: T) => U): U[] {
  ensure(values.length >= limits.min && values.length <= limits.max, "input_invalid", `${name} has too few or too many entries`,
    { field: name, found: values.length, ...limits });
  return values.map(read);
}
