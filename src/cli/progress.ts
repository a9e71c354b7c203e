/** Shows that something long goes on: a bar on a terminal, a line every ten per cent elsewhere. Always on standard error. */
export interface Progress {
  update(done: number, total: number, note?: string): void;
  end(note?: string): void;
}

const WIDTH = 28;

function bar(label: string): Progress {
  const started = Date.now();
  let last = "";
  const draw = (text: string): void => {
    if (text === last) return;
    last = text;
    process.stderr.write(`\r\x1b[2K${text}`);
  };
  return {
    update: (done, total, note) => {
      const share = total > 0 ? Math.min(1, done / total) : 0;
      const full = Math.round(share * WIDTH);
      draw(`${label} [${"#".repeat(full)}${".".repeat(WIDTH - full)}] ${String(Math.floor(share * 100)).padStart(3)}% ${note ?? ""}`);
    },
    end: (note) => {
      draw(`${label} done in ${((Date.now() - started) / 1000).toFixed(1)} s${note ? ` (${note})` : ""}`);
      process.stderr.write("\n");
    },
  };
}

function lines(label: string): Progress {
  const started = Date.now();
  let shown = -1;
  return {
    update: (done, total, note) => {
      const tenth = total > 0 ? Math.floor((10 * done) / total) : 0;
      if (tenth === shown) return;
      shown = tenth;
      process.stderr.write(`${label}: ${tenth * 10}%${note ? ` ${note}` : ""}\n`);
    },
    end: (note) => process.stderr.write(`${label}: done in ${((Date.now() - started) / 1000).toFixed(1)} s${note ? ` (${note})` : ""}\n`),
  };
}

export const progress = (label: string): Progress => (process.stderr.isTTY ? bar(label) : lines(label));
