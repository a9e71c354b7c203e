import { toHex, utf8, type Bytes } from "../protocol/bytes.js";
import { ensure, VeriteeError } from "../protocol/errors.js";
import { get, type Answer, type HttpLimits } from "./http.js";
import type { DcapRequest } from "./request.js";

/*
 * Intel's Provisioning Certification Service, API v4, and caches of the same shape (PCCS). Signed texts are cut out of the
 * answers and never written anew: the signature is over exactly the bytes that came.
 */

export interface PcsService {
  /** Before /sgx/certification/v4 and /tdx/certification/v4. */
  readonly url: URL;
  /** Where the root CA's revocation list is; a PCCS has it under /sgx/certification/v4/rootcacrl. */
  readonly rootCrl: URL;
  readonly limits: HttpLimits;
}

const PCS_HOST = "api.trustedservices.intel.com";
const ROOT_HOST = "certificates.trustedservices.intel.com";

export const intelPcs = (limits: Omit<HttpLimits, "hosts">): PcsService => ({
  url: new URL(`https://${PCS_HOST}`), rootCrl: new URL(`https://${ROOT_HOST}/IntelSGXRootCA.der`), limits: { ...limits, hosts: [PCS_HOST, ROOT_HOST] },
});

/** A cache of Intel's service, an operator's or a cloud's own. */
export const pccs = (origin: URL, limits: Omit<HttpLimits, "hosts">): PcsService => ({
  url: origin, rootCrl: new URL("/sgx/certification/v4/rootcacrl", origin), limits: { ...limits, hosts: [origin.host], anyAddress: true },
});

/** Collateral in the shape of src/attestation/dcap/collateral.ts; not judged yet. @throws collateral_unavailable, collateral_malformed, config_invalid */
export async function fetchDcap({ platform, fmspc, ca }: DcapRequest, service: PcsService): Promise<Bytes> {
  const ask = async (path: string): Promise<Answer> => demand(await get(new URL(path, service.url), service.limits), path);
  const [tcb, qe, pckCrl, rootCrl] = await Promise.all([
    ask(`/${platform}/certification/v4/tcb?fmspc=${fmspc.toUpperCase()}`),
    ask(`/${platform}/certification/v4/qe/identity`),
    ask(`/sgx/certification/v4/pckcrl?ca=${ca}&encoding=der`),
    get(service.rootCrl, service.limits).then((answer) => demand(answer, service.rootCrl.pathname)),
  ]);
  return utf8(JSON.stringify({
    ...signed("tcb_info", "tcbInfo", tcb, "TCB-Info-Issuer-Chain"),
    ...signed("qe_identity", "enclaveIdentity", qe, "SGX-Enclave-Identity-Issuer-Chain"),
    pck_crl: derHex(pckCrl.body),
    pck_crl_issuer_chain: chain(pckCrl, "SGX-PCK-CRL-Issuer-Chain"),
    root_ca_crl: derHex(rootCrl.body),
  }));
}

function demand(answer: Answer | undefined, path: string): Answer {
  if (answer !== undefined) return answer;
  throw new VeriteeError("collateral_unavailable", "the collateral service does not know it", { path });
}

/** `{"tcbInfo":{...},"signature":"..."}`: the text between is what is signed. */
function signed(name: string, member: string, answer: Answer, header: string): Record<string, string> {
  const [, text, signature] = new RegExp(`^\\{"${member}":(\\{.*\\}),"signature":"([0-9a-fA-F]{128})"\\}\\s*$`, "s").exec(decode(answer.body)) ?? [];
  ensure(text !== undefined && signature !== undefined, "collateral_malformed", "the service's answer is not a signed text", { expected: member });
  return { [name]: text, [`${name}_signature`]: signature, [`${name}_issuer_chain`]: chain(answer, header) };
}

/** Issuer chains come as percent-encoded PEM in a header. */
function chain(answer: Answer, header: string): string {
  const value = answer.header(header);
  ensure(value !== undefined, "collateral_malformed", "the service's answer has no issuer chain", { header });
  try {
    return decodeURIComponent(value);
  } catch (cause) {
    throw new VeriteeError("collateral_malformed", "the issuer chain is not percent-encoded", { header }, { cause });
  }
}

/** A PCCS answers with hex of the DER, Intel with the DER. Hex of it begins with the digit 3, DER with the octet 0x30. */
function derHex(body: Bytes): string {
  if (body[0] === 0x30) return toHex(body);
  const text = new TextDecoder("latin1").decode(body).trim();
  ensure(/^30(?:[0-9a-fA-F]{2})+$/.test(text), "collateral_malformed", "a revocation list is neither DER nor hex of it");
  return text.toLowerCase();
}

function decode(body: Bytes): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body);
  } catch (cause) {
    throw new VeriteeError("collateral_malformed", "the service's answer is not UTF-8", {}, { cause });
  }
}
