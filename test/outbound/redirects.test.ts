import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import { connect } from "../../src/chain/client.js";
import { rpc } from "../../src/chain/rpc.js";

// Promise R34: a node of the ledger, which is not trusted, sends nobody anywhere.

const listen = async (server: Server): Promise<string> => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};
let reached = 0;
const trap = createServer((_req, res) => { res.setHeader("content-type", "application/json").end('{"jsonrpc":"2.0","id":1,"result":"0x7a69"}'); }).on("connection", () => { reached++; });
let to = "";
const node = createServer((req, res) => {
  req.resume();
  res.writeHead(Number.parseInt(req.url?.slice(1) ?? "", 10), { location: to }).end();
});
let url: string;
beforeAll(async () => { [to, url] = [await listen(trap), await listen(node)]; });
afterAll(() => {
  for (const server of [trap, node]) {
    server.closeAllConnections();
    server.close();
  }
});

it("a node that redirects is a node that does not answer", async () => {
  // Several at once, for every try that fails is made again a few times.
  await Promise.all([302, 307].flatMap((status) => [
    ...[`${url}/${status}`, [`${url}/${status}`, `${url}/${status}?again`]].map((rpcUrl) => expect(connect({ rpcUrl, chainId: 31337 })).rejects.toMatchObject({ code: "chain_unavailable" })),
    expect(rpc(`${url}/${status}`, "evm_mine", [])).rejects.toMatchObject({ code: "chain_unavailable" }),
  ]));
  expect(reached).toBe(0);
}, 180_000);
