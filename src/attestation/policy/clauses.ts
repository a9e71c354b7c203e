import type { ErrorCode } from "../../protocol/errors.js";
import type { TeePlatform } from "../verdict.js";
import type { Clause, Finding } from "./clause.js";
import { day, listed } from "./words.js";

const yes = (detail: string, until?: number): Finding => ({ ok: true, detail, ...(until === undefined ? {} : { until }) });
const no = (detail: string, code?: ErrorCode): Finding => ({ ok: false, detail, ...(code === undefined ? {} : { code }) });

/** Platforms whose vendor signs a status for each TCB level. */
const WITH_STATUS: readonly TeePlatform[] = ["sgx", "tdx", "az-tdx-vtpm"];
const SNP: readonly TeePlatform[] = ["snp", "az-snp-vtpm"];

export const anchorClause: Clause = ({ policy, genuine: { anchor } }) =>
  policy.anchors.includes(anchor) ? yes(`anchor ${anchor} is named`) : no(`anchor ${anchor} is not one of ${listed(policy.anchors)}`);

export const productClause: Clause = ({ policy, own, genuine: { product } }) => {
  const name = product?.toLowerCase();
  if (name !== undefined && policy.deniedProducts.includes(name)) return no(`product ${name} is denied`);
  if (own.products === "any") return yes(name === undefined ? "the platform tells no product, and none is asked for" : `product ${name} is not denied`);
  return name !== undefined && own.products.includes(name) ? yes(`product ${name} is named`) : no(`product ${name ?? "(not told)"} is not one of ${listed(own.products)}`);
};

export const instanceClause: Clause = ({ own, genuine: { instance } }) => {
  if (own.instances === "any") return yes("any machine is accepted");
  return own.instances.includes(instance) ? yes(`machine ${instance} is named`) : no(`machine ${instance} is none of the ${own.instances.length} that are named`);
};

export const statusClause: Clause = ({ own, genuine: { platform, tcb: { status, advisories } }, at }) => {
  if (status === undefined) {
    return WITH_STATUS.includes(platform) ? no("the TCB was not judged") : yes("the vendor signs no TCB status for this platform");
  }
  if (status === "Revoked") return no("the TCB level is revoked", "tcb_revoked");
  if (own.statuses.includes(status)) return yes(`TCB status ${status} is accepted`);
  const graces = own.grace.filter((g) => g.status === status && (g.advisories === undefined || advisories.every((a) => g.advisories?.includes(a))));
  const until = Math.max(...graces.map((g) => g.until));
  if (at < until) return yes(`TCB status ${status} has grace until ${day(until)}`, until);
  const ended = graces.length > 0 ? `; its grace ended ${day(until)}` : "";
  return no(`TCB status ${status} is not one of ${listed(own.statuses)}${ended}`);
};

export const advisoriesClause: Clause = ({ policy, genuine: { tcb } }) => {
  const denied = tcb.advisories.filter((a) => policy.deniedAdvisories.includes(a));
  return denied.length === 0 ? yes("no denied advisory is open") : no(`open advisories that are denied: ${listed(denied)}`);
};

export const evaluationClause: Clause = ({ own: { minimumEvaluationNumber: minimum }, genuine: { tcb: { evaluationNumber } } }) => {
  if (minimum === undefined) return yes("no TCB evaluation number is asked for");
  const enough = evaluationNumber !== undefined && evaluationNumber >= minimum;
  return enough ? yes(`TCB evaluation number ${evaluationNumber} is at least ${minimum}`) : no(`TCB evaluation number ${evaluationNumber ?? "(none)"} is below ${minimum}`);
};

export const minimumSvnClause: Clause = ({ own, genuine: { platform, product, attributes } }) => {
  if (!SNP.includes(platform)) return yes("the platform's firmware is judged by its TCB status");
  const minimum = own.minimumSvn[product ?? ""];
  if (minimum === undefined) return no(`no minimum is set for product ${product ?? "(not told)"}`);
  const below = Object.entries(minimum).flatMap(([when, parts]) => Object.entries(parts ?? {}).flatMap(([part, least]) => {
    // The appraiser's names: reportedSnp, committedMicrocode, ...
    const found = attributes[when + part.charAt(0).toUpperCase() + part.slice(1)];
    return least === undefined || (typeof found === "number" && found >= least) ? [] : [`${when} ${part} ${String(found ?? "(not told)")} < ${least}`];
  }));
  return below.length === 0 ? yes(`firmware is at least the minimum for ${product}`) : no(`firmware is below the minimum: ${listed(below)}`);
};

export const vmplClause: Clause = ({ own, genuine: { platform, attributes: { vmpl } } }) => {
  if (!SNP.includes(platform)) return yes("the platform has no privilege levels");
  const inside = typeof vmpl === "number" && vmpl <= own.maximumVmpl;
  return inside ? yes(`VMPL ${vmpl} is at most ${own.maximumVmpl}`) : no(`VMPL ${String(vmpl ?? "(not told)")} is above ${own.maximumVmpl}`);
};

export const attributesClause: Clause = ({ own, genuine: { attributes } }) => {
  const wrong = Object.entries(own.attributes).filter(([name, value]) => attributes[name] !== value)
    .map(([name, value]) => `${name} is ${String(attributes[name] ?? "(not told)")}, expected ${String(value)}`);
  return wrong.length === 0 ? yes("attributes are as asked") : no(listed(wrong));
};

export const ageClause: Clause = ({ own: { maximumAgeSeconds: limit }, genuine: { issuedAt }, at }) => {
  if (issuedAt === undefined) return yes("the platform has no clock: a challenge's nonce makes its evidence fresh");
  const age = Math.round(Math.abs(at - issuedAt));
  return age <= limit ? yes(`issued ${age} s from the appraisal time, limit ${limit} s`, issuedAt + limit) : no(`issued ${age} s from the appraisal time, limit ${limit} s`);
};
