/**
 * Source of a thread that runs the curve engine's tasks. It is text, started with `eval`, so that a program bundled to one
 * file has threads without a second file and without running itself again. The commands are those that the engine
 * queues: allocate, fill, call an export, read back.
 */
export const ENGINE_THREAD = `
const { parentPort, workerData } = require("node:worker_threads");
const PAGE = 65536;
let memory, exportsOf;

function alloc(length) {
  const free = new Uint32Array(memory.buffer, 0, 1);
  const pointer = (free[0] + 3) & ~3;
  // The engine's routines take scratch space behind the last allocation, as much as the allocation at most.
  const missing = pointer + 2 * length - memory.buffer.byteLength;
  free[0] = pointer + length;
  if (missing > 0) memory.grow(Math.ceil(missing / PAGE) + 1);
  return pointer;
}

const set = (pointer, bytes) => new Uint8Array(memory.buffer).set(bytes, pointer);

function run(task) {
  const free = new Uint32Array(memory.buffer, 0, 1)[0];
  const vars = [];
  const out = [];
  for (const step of task) {
    if (step.cmd === "ALLOC") vars[step.var] = alloc(step.len);
    else if (step.cmd === "ALLOCSET") set((vars[step.var] = alloc(step.buff.byteLength)), step.buff);
    else if (step.cmd === "SET") set(vars[step.var], step.buff);
    else if (step.cmd === "GET") out[step.out] = new Uint8Array(memory.buffer).slice(vars[step.var], vars[step.var] + step.len);
    else if (step.cmd === "CALL") {
      exportsOf[step.fnName](...step.params.map((p) => (p.var === undefined ? p.val : vars[p.var] + (p.offset || 0))));
    } else throw new Error("unknown command " + step.cmd);
  }
  new Uint32Array(memory.buffer, 0, 1)[0] = free;
  return out;
}

parentPort.once("message", async (code) => {
  memory = new WebAssembly.Memory({ initial: workerData.pages, maximum: 32767 });
  exportsOf = (await WebAssembly.instantiate(code, { env: { memory } })).instance.exports;
  parentPort.on("message", (task) => parentPort.postMessage(run(task)));
  parentPort.postMessage([]);
});
`;
