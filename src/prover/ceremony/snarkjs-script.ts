/**
 * Source of the process that runs snarkjs' ceremony functions, started with `--eval` so that it needs no file of its own.
 * snarkjs writes some refusals to the console alone, keeps threads and leaves files open: here that disturbs nobody.
 */
export const SNARKJS_SCRIPT = `
const fs = require("node:fs");
const snarkjs = require(process.argv[1]);

const open = fs.promises.open;
const opened = [];
fs.promises.open = async (...args) => {
  const file = await open(...args);
  opened.push(file);
  return file;
};

let complaints = [];
const complain = (line) => complaints.push(String(line).trim());
console.log = complain;

let shown = 0;
function report(line) {
  const [, step, done, total] = /^(.*?)[:\\s]+(\\d+)\\/(\\d+)\\s*$/.exec(line) || [];
  if (step === undefined || Date.now() - shown < 200) return;
  shown = Date.now();
  process.send({ kind: "step", step: step.trim(), done: Number(done), total: Number(total) });
}
const logger = { debug: report, info: () => undefined, warn: complain, error: complain };

const plain = (value) => (value instanceof Uint8Array ? Buffer.from(value).toString("hex") : value);

process.on("message", async ({ part, name, args }) => {
  complaints = [];
  try {
    const value = await snarkjs[part][name](...args, logger);
    process.send({ kind: "done", value: plain(value), complaints });
  } catch (error) {
    process.send({ kind: "failed", reason: String((error && error.message) || error), complaints });
  } finally {
    await Promise.all(opened.splice(0).map((file) => file.close().catch(() => undefined)));
  }
});
process.on("disconnect", () => process.exit());
`;
