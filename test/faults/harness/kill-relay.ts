import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** What a worker is about to have done to it, or has done, as its requests show. */
export type Moment =
  | "leased" // a job was given to it; the answer is on its way
  | "key asked" | "evidence sent"
  | "computing" // it asks for its leaf's path
  | "proving" | "sealing" // it says so
  | "handing in" // its completion is on its way
  | "handed in"; // the completion was taken; the answer is on its way

/** What becomes of the bytes in which the moment showed. */
export type Verdict = "deliver" | "drop";

export interface KillRelay {
  readonly authority: string;
  to(url: string): void;
  close(): void;
}

/** Stands between one worker and its coordinator, and tells of each moment before its bytes are passed on. */
export async function killRelay(onMoment: (moment: Moment) => Verdict): Promise<KillRelay> {
  let target = { host: "127.0.0.1", port: 0 };
  const server = createServer((near) => {
    const far = connect(target);
    let path = "";
    pass(near, far, (chunk) => {
      path = /^(?:GET|POST|PUT) (\S+) HTTP\/1\.1\r\n/m.exec(chunk)?.[1] ?? path;
      return asked(path, chunk);
    }, onMoment);
    pass(far, near, (chunk) => answered(path, chunk), onMoment);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    authority: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    to: (url) => { target = { host: new URL(url).hostname, port: Number(new URL(url).port) }; },
    close: () => void server.close(),
  };
}

function pass(from: Socket, to: Socket, momentOf: (chunk: string) => Moment | undefined, onMoment: (moment: Moment) => Verdict): void {
  from.on("data", (bytes: Buffer) => {
    const moment = momentOf(bytes.toString("latin1"));
    if (moment === undefined || onMoment(moment) === "deliver") to.write(bytes);
  });
  from.on("end", () => { to.end(); });
  from.on("error", () => { to.destroy(); });
  from.on("close", () => { to.destroy(); });
}

function asked(path: string, chunk: string): Moment | undefined {
  if (path === "/v1/key-requests") return "key asked";
  if (path === "/v1/key-evidence") return "evidence sent";
  if (path.startsWith("/v1/merkle-proofs/")) return "computing";
  if (path.endsWith("/completion")) return "handing in";
  if (!path.endsWith("/progress")) return undefined;
  return chunk.includes("prove") ? "proving" : chunk.includes("seal") ? "sealing" : undefined;
}

function answered(path: string, chunk: string): Moment | undefined {
  if (path.startsWith("/v1/leases") && chunk.startsWith("HTTP/1.1 200")) return "leased";
  return path.endsWith("/completion") && chunk.startsWith("HTTP/1.1 204") ? "handed in" : undefined;
}
