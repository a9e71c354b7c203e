import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

// Intel's and AMD's services, played from recorded or simulated collateral, and everything that may go wrong with them.

export interface Reply { readonly body: Uint8Array | string; readonly headers?: Readonly<Record<string, string>>; readonly status?: number }
export type Routes = Readonly<Record<string, Reply>>;
export type Trouble = "down" | "slow" | "garbage" | "oversize" | "redirect" | "cut" | undefined;

export interface DcapText {
  readonly tcb_info: string; readonly tcb_info_signature: string; readonly tcb_info_issuer_chain: string;
  readonly qe_identity: string; readonly qe_identity_signature: string; readonly qe_identity_issuer_chain: string;
  readonly pck_crl: string; readonly pck_crl_issuer_chain: string; readonly root_ca_crl: string;
}

/** @param encoding DER as Intel answers, hex as a PCCS does */
export function pcsRoutes(platform: "sgx" | "tdx", fmspc: string, c: DcapText, encoding: "der" | "hex" = "der", ca = "platform"): Routes {
  const list = (hex: string): Uint8Array | string => (encoding === "hex" ? hex : Uint8Array.from(Buffer.from(hex, "hex")));
  return {
    [`/${platform}/certification/v4/tcb?fmspc=${fmspc.toUpperCase()}`]: {
      body: `{"tcbInfo":${c.tcb_info},"signature":"${c.tcb_info_signature}"}`, headers: { "TCB-Info-Issuer-Chain": encodeURIComponent(c.tcb_info_issuer_chain) },
    },
    [`/${platform}/certification/v4/qe/identity`]: {
      body: `{"enclaveIdentity":${c.qe_identity},"signature":"${c.qe_identity_signature}"}`, headers: { "SGX-Enclave-Identity-Issuer-Chain": encodeURIComponent(c.qe_identity_issuer_chain) },
    },
    [`/sgx/certification/v4/pckcrl?ca=${ca}&encoding=der`]: { body: list(c.pck_crl), headers: { "SGX-PCK-CRL-Issuer-Chain": encodeURIComponent(c.pck_crl_issuer_chain) } },
    "/sgx/certification/v4/rootcacrl": { body: list(c.root_ca_crl) },
  };
}

export interface VendorServer {
  readonly origin: URL;
  routes: Routes;
  trouble: Trouble;
  readonly asked: string[];
  close(): Promise<void>;
}

export async function startVendor(routes: Routes): Promise<VendorServer> {
  const state: { routes: Routes; trouble: Trouble; asked: string[] } = { routes, trouble: undefined, asked: [] };
  const server = createServer((request, response) => {
    const path = request.url ?? "";
    state.asked.push(path);
    if (state.trouble === undefined) answer(response, state.routes[path] ?? { status: 404, body: "" });
    else misbehave(response, state.trouble, path);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  return Object.assign(state, {
    origin: new URL(`http://127.0.0.1:${port}`),
    close: () => new Promise<void>((done) => {
      server.closeAllConnections();
      server.close(() => done());
    }),
  });
}

function answer(response: ServerResponse, { status = 200, headers = {}, body }: Reply): void {
  response.writeHead(status, headers);
  response.end(body);
}

function misbehave(response: ServerResponse, trouble: Exclude<Trouble, undefined>, path: string): void {
  switch (trouble) {
    case "down": return answer(response, { status: 503, body: "later" });
    case "slow": return;
    case "garbage": return answer(response, { body: Uint8Array.from({ length: 400 }, (_, i) => (i * 37) & 0xff), headers: { "TCB-Info-Issuer-Chain": "%%%" } });
    case "redirect": return answer(response, { status: 302, headers: { location: `/elsewhere${path}` }, body: "" });
    case "cut": {
      response.writeHead(200, { "content-length": "1000" });
      response.write("half");
      return void setTimeout(() => response.destroy(), 10);
    }
    case "oversize": {
      response.writeHead(200);
      const chunk = new Uint8Array(64 * 1024);
      const write = (): void => { while (!response.destroyed && response.write(chunk)); };
      response.on("drain", write);
      write();
    }
  }
}
