export interface CompiledContract {
  readonly abi: readonly unknown[];
  readonly bytecode: `0x${string}`;
  readonly links: readonly { readonly library: string; readonly start: number }[];
  readonly runtimeBytes: number;
}
export const CODE_LIMIT: number;
/** Contract name -> compiled. @throws Error on any compiler warning of our own sources */
export function compile(): Readonly<Record<string, CompiledContract>>;
/** File name -> text of everything under src/chain/generated. */
export function render(contracts: Readonly<Record<string, CompiledContract>>): Readonly<Record<string, string>>;
