import { grantMeasurement } from "../measurement.js";
import type { Genuine } from "../verdict.js";
import type { Clause, Finding } from "./clause.js";
import type { PlatformPolicy } from "./schema.js";
import { day, listed } from "./words.js";

type Build = Exclude<PlatformPolicy["measurements"], string>[number];
type Signer = PlatformPolicy["signers"][number];
interface Window { readonly validFrom?: number | undefined; readonly validUntil?: number | undefined }

/** What the platform reports under its own names, and the value that grants name as `measurement`. */
const registersOf = (genuine: Genuine): Readonly<Record<string, string | number | boolean>> =>
  ({ ...genuine.attributes, measurement: grantMeasurement(genuine), ...genuine.measurements });

/** Is the enclave one of the named builds, or released by a named signer, at this time? */
export const measurementClause: Clause = ({ own, genuine, at }) => {
  if (own.measurements === "any") return { ok: true, detail: "any measurement is accepted" };
  const registers = registersOf(genuine);
  const matching = [
    ...own.measurements.filter((build) => differing(build, registers).length === 0),
    ...own.signers.filter((signer) => isSigned(signer, registers)),
  ];
  const current = matching.filter((m) => isInside(m, at));
  const best = current.find((m) => m.validUntil === undefined) ?? current.toSorted((a, b) => (b.validUntil ?? 0) - (a.validUntil ?? 0))[0];
  if (best !== undefined) {
    const { name, validUntil } = best;
    return { ok: true, detail: `the enclave is "${name}"${validUntil === undefined ? "" : ` until ${day(validUntil)}`}`, ...(validUntil === undefined ? {} : { until: validUntil }) };
  }
  const [outside] = matching;
  return outside === undefined ? unknown(own.measurements, genuine, registers) : { ok: false, detail: `the enclave is "${outside.name}", ${outsideWords(outside, at)}` };
};

const isInside = ({ validFrom, validUntil }: Window, at: number): boolean => (validFrom ?? 0) <= at && at < (validUntil ?? Infinity);

const outsideWords = ({ validFrom, validUntil }: Window, at: number): string =>
  at < (validFrom ?? 0) ? `which is valid from ${day(validFrom ?? 0)}` : `which was valid until ${day(validUntil ?? 0)}`;

const differing = ({ values }: Build, registers: ReturnType<typeof registersOf>): string[] =>
  Object.keys(values).filter((name) => registers[name] !== values[name]);

const isSigned = ({ mrsigner, isvprodid, minimumIsvsvn }: Signer, r: ReturnType<typeof registersOf>): boolean =>
  r.mrsigner === mrsigner && Number(r.isvprodid ?? NaN) === isvprodid && Number(r.isvsvn ?? NaN) >= minimumIsvsvn;

/** Says which registers keep the enclave from the build that it is nearest to. */
function unknown(builds: readonly Build[], genuine: Genuine, registers: ReturnType<typeof registersOf>): Finding {
  const nearest = builds.map((build) => ({ build, wrong: differing(build, registers) })).toSorted((a, b) => a.wrong.length - b.wrong.length)[0];
  if (nearest === undefined) return { ok: false, detail: `no build is named; this one is ${grantMeasurement(genuine)}` };
  const { build, wrong } = nearest;
  const detail = `the enclave is none that is named; from "${build.name}" it differs in ${listed(wrong.map((name) => `${name} (${String(registers[name] ?? "not told")})`))}`;
  const onlyBoot = genuine.platform.startsWith("az-") && wrong.every((name) => /^pcr\d+$/.test(name));
  return { ok: false, detail, ...(onlyBoot ? { code: "evidence_pcr" as const } : {}) };
}
