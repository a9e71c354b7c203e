// configfs-tsm in memory, with the kernel's semantics: `inblob` is taken when the file is closed and what it then answers
// is lost; every write raises `generation`; `outblob` is made anew when something was written since it was read.
import { TSM_REPORTS } from "../../../../enclave/platforms/configfs-tsm.js";
import type { Files } from "../../../../enclave/platforms/ports.js";
import { utf8, type Bytes } from "../../../../src/protocol/bytes.js";
import { snpReport, systemError, tdxQuote } from "./shapes.js";

export interface FakeOptions {
  /** Undefined: the interface is there and no provider behind it. */
  readonly provider?: string | undefined;
  readonly report?: (inblob: Bytes) => Bytes;
  /** Undefined: the attribute does not exist, as on TDX. */
  readonly aux?: Bytes | undefined;
  /** Thrown by the next calls of that operation, one each; "" lets a call pass. Keys: mkdir, rmdir, or an attribute's name. */
  readonly faults?: Readonly<Record<string, readonly string[]>>;
  /** Called after `inblob` was written: another process with the same folder. */
  readonly neighbour?: (report: FakeReport) => void;
  /** The kernel drops the write of `inblob` this often. */
  readonly lostWrites?: number;
  readonly missing?: boolean;
}

export interface FakeReport { inblob: Bytes | undefined; privlevel: string | undefined; generation: number }

export class FakeConfigfs implements Files {
  readonly reports = new Map<string, FakeReport>();
  /** Every folder that ever was. */
  readonly made: string[] = [];
  readonly #options: FakeOptions;
  readonly #faults: Map<string, string[]>;
  #lost: number;

  constructor(options: FakeOptions = { provider: "tdx_guest" }) {
    this.#options = options;
    this.#faults = new Map(Object.entries(options.faults ?? {}).map(([name, codes]) => [name, [...codes]]));
    this.#lost = options.lostWrites ?? 0;
  }

  async exists(path: string): Promise<boolean> {
    return path === TSM_REPORTS && this.#options.missing !== true;
  }

  async makeFolder(path: string): Promise<void> {
    this.#fault("mkdir");
    if (this.#options.missing === true || !path.startsWith(`${TSM_REPORTS}/`)) throw systemError("ENOENT");
    if (this.#options.provider === undefined) throw systemError("ENXIO");
    if (this.reports.has(path)) throw systemError("EEXIST");
    this.made.push(path);
    this.reports.set(path, { inblob: undefined, privlevel: undefined, generation: 0 });
  }

  async removeFolder(path: string): Promise<void> {
    this.#fault("rmdir");
    if (!this.reports.delete(path)) throw systemError("ENOENT");
  }

  async write(path: string, bytes: Bytes): Promise<void> {
    const { report, name } = this.#find(path);
    if (name === "inblob") {
      this.#fault(name);
      if (bytes.length > 64) throw systemError("EFBIG");
      if (this.#lost-- > 0) return;
      report.inblob = bytes.slice();
      report.generation++;
      return this.#options.neighbour?.(report);
    }
    if (name !== "privlevel") throw systemError("EACCES");
    this.#fault(name);
    report.privlevel = Buffer.from(bytes).toString();
    report.generation++;
  }

  async read(path: string, limit: number): Promise<Bytes> {
    const { report, name } = this.#find(path);
    this.#fault(name);
    const bytes = this.#attribute(name, report);
    if (bytes.length > limit) throw systemError("EFBIG");
    return bytes;
  }

  #attribute(name: string, { inblob, generation }: FakeReport): Bytes {
    const { provider = "", aux, report = provider === "sev_guest" ? snpReport : tdxQuote } = this.#options;
    if (name === "generation") return utf8(`${generation}\n`);
    if (name === "provider") return utf8(`${provider}\n`);
    if (inblob === undefined) throw systemError("EINVAL");
    if (name === "outblob") return report(inblob);
    if (name === "auxblob" && aux !== undefined) return aux;
    throw systemError("ENOENT");
  }

  #find(path: string): { report: FakeReport; name: string } {
    const cut = path.lastIndexOf("/");
    const report = this.reports.get(path.slice(0, cut));
    if (report === undefined) throw systemError("ENOENT");
    return { report, name: path.slice(cut + 1) };
  }

  #fault(name: string): void {
    const code = this.#faults.get(name)?.shift();
    if (code !== undefined && code !== "") throw systemError(code);
  }
}
