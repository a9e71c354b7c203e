// Preloaded into a process whose clock is to be wrong: SHIFT_SECONDS from the start; SIGUSR2 turns it round.
let shiftMs = 1000 * Number(process.env.SHIFT_SECONDS ?? 0);
const Real = Date;
const now = () => Real.now() + shiftMs;
globalThis.Date = class extends Real {
  constructor(...args) {
    super(...(args.length === 0 ? [now()] : args));
  }
  static now() { return now(); }
};
process.on("SIGUSR2", () => { shiftMs = -shiftMs; });
