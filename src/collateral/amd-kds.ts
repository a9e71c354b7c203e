import { parsePem } from "../attestation/x509/pem.js";
import { fromBase64, toBase64, utf8, type Bytes } from "../protocol/bytes.js";
import { VeriteeError } from "../protocol/errors.js";
import { get, type HttpLimits } from "./http.js";
import type { SnpRequest } from "./request.js";

/** AMD's Key Distribution Service (publication 57230), or a proxy of its shape. */
export interface KdsService {
  readonly url: URL;
  readonly limits: HttpLimits;
}

const KDS_HOST = "kdsintf.amd.com";
export const amdKds = (limits: Omit<HttpLimits, "hosts">): KdsService => ({ url: new URL(`https://${KDS_HOST}`), limits: { ...limits, hosts: [KDS_HOST] } });

export const kdsProxy = (origin: URL, limits: Omit<HttpLimits, "hosts">): KdsService => ({ url: origin, limits: { ...limits, hosts: [origin.host], anyAddress: true } });

const PRODUCT = { milan: "Milan", genoa: "Genoa", turin: "Turin" } as const;

/** Collateral in the shape of src/attestation/snp/collateral.ts; not judged yet. @throws collateral_unavailable, collateral_malformed, config_invalid */
export async function fetchSnp(request: SnpRequest, service: KdsService): Promise<Bytes> {
  const base = `/${request.vlek === undefined ? "vcek" : "vlek"}/v1/${PRODUCT[request.product]}`;
  const ask = async (path: string): Promise<Bytes | undefined> => (await get(new URL(path, service.url), service.limits))?.body;
  const [vek, chain, crl] = await Promise.all([
    request.vlek === undefined ? ask(`${base}/${request.chipId}?${tcbQuery(request)}`) : fromBase64(request.vlek),
    ask(`${base}/cert_chain`),
    ask(`${base}/crl`),
  ]);
  if (vek === undefined) throw new VeriteeError("collateral_unavailable", "AMD's service does not know this chip at this TCB", { product: request.product, chipId: request.chipId });
  // Only compared with the pinned one. The ARK that comes with it is nobody's.
  const [ask0] = chain === undefined ? [] : parsePem(ascii(chain), "collateral_malformed");
  return utf8(JSON.stringify({
    vek: toBase64(vek), ...(ask0 === undefined ? {} : { ask: toBase64(ask0) }),
    // A service without a list: whether one is demanded is the policy's to say, and the verdict shows that none was judged.
    ...(crl === undefined ? {} : { crl: toBase64(crl) }),
  }));
}

function tcbQuery({ product, tcb: { fmc, bootloader, tee, snp, microcode } }: SnpRequest): string {
  const parts = { ...(product === "turin" ? { fmcSPL: fmc ?? 0 } : {}), blSPL: bootloader, teeSPL: tee, snpSPL: snp, ucodeSPL: microcode };
  return Object.entries(parts).map(([name, svn]) => `${name}=${String(svn).padStart(2, "0")}`).join("&");
}

const ascii = (bytes: Bytes): string => new TextDecoder("latin1").decode(bytes);
