import { z } from "zod";
import { TCB_STATUSES } from "../verdict.js";
import { below, hexOf, instant, readJson } from "../common/text.js";

const MAX_LEVELS = 128;
const MAX_MODULES = 32;

const status = z.enum(TCB_STATUSES);
const advisoryIDs = z.array(z.string().regex(/^[A-Z]+-[A-Z]+-\d{1,10}$/).max(32)).max(128).optional();

const component = z.object({ svn: below(256), category: z.string().max(64).optional(), type: z.string().max(64).optional() });
const components = z.array(component).length(16);

/** Levels of a module or of the quoting enclave, told by one SVN. */
export const svnLevels = z.array(z.object({
  tcb: z.object({ isvsvn: below(0x10000) }), tcbDate: instant, tcbStatus: status, advisoryIDs,
})).min(1).max(MAX_LEVELS);

const moduleFields = { mrsigner: hexOf(48), attributes: hexOf(8), attributesMask: hexOf(8) };
const module = z.object(moduleFields);
const moduleIdentity = z.object({ id: z.string().regex(/^TDX_[0-9a-fA-F]{2}$/), ...moduleFields, tcbLevels: svnLevels });

const common = {
  version: z.literal(3), issueDate: instant, nextUpdate: instant, fmspc: hexOf(6), pceId: hexOf(2), tcbType: z.literal(0),
  tcbEvaluationDataNumber: below(2 ** 32),
};
const level = <T extends z.ZodRawShape>(tcb: T) => z.array(z.object({
  tcb: z.object({ sgxtcbcomponents: components, pcesvn: below(0x10000), ...tcb }), tcbDate: instant, tcbStatus: status, advisoryIDs,
})).min(1).max(MAX_LEVELS);

/**
 * TCB Info of Intel's PCS API v4, version 3. Fields that it does not use are let pass, because Intel adds some under the
 * same version and signs them; every field that it does use is typed, bounded and closed.
 */
const tcbInfoSchema = z.discriminatedUnion("id", [
  z.object({ id: z.literal("SGX"), ...common, tcbLevels: level({}) }),
  z.object({
    id: z.literal("TDX"), ...common, tdxModule: module, tdxModuleIdentities: z.array(moduleIdentity).max(MAX_MODULES).optional(),
    tcbLevels: level({ tdxtcbcomponents: components }),
  }),
]);

export type TcbInfo = z.infer<typeof tcbInfoSchema>;
export type TdxTcbInfo = Extract<TcbInfo, { id: "TDX" }>;
export type TcbComponent = z.infer<typeof component>;
export type TcbLevel = TcbInfo["tcbLevels"][number];
export type SvnLevel = z.infer<typeof svnLevels>[number];

/** @param text TCB Info whose signature has been verified. @throws collateral_malformed */
export const readTcbInfo = (text: string): TcbInfo => readJson(tcbInfoSchema, text, "TCB Info");
