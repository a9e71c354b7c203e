import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readQeIdentity } from "../../../src/attestation/dcap/qe-identity.js";
import { readTcbInfo } from "../../../src/attestation/dcap/tcb-info.js";
import { mergeStatuses } from "../../../src/attestation/dcap/tcb-status.js";
import { TCB_STATUSES, type TcbStatus } from "../../../src/attestation/verdict.js";
import { collateralOf, readCase, refusal } from "./cases.js";

describe("statuses merge to the worst, and out of date beside configuration is both", () => {
  it.each<[TcbStatus, readonly TcbStatus[]]>([
    ["UpToDate", []], ["UpToDate", ["UpToDate", "UpToDate"]], ["SWHardeningNeeded", ["UpToDate", "SWHardeningNeeded"]],
    ["ConfigurationAndSWHardeningNeeded", ["ConfigurationAndSWHardeningNeeded", "SWHardeningNeeded"]],
    ["OutOfDate", ["SWHardeningNeeded", "OutOfDate"]], ["OutOfDateConfigurationNeeded", ["ConfigurationNeeded", "OutOfDate"]],
    ["OutOfDateConfigurationNeeded", ["OutOfDate", "UpToDate", "ConfigurationAndSWHardeningNeeded"]],
    ["OutOfDateConfigurationNeeded", ["OutOfDateConfigurationNeeded", "UpToDate"]], ["Revoked", ["OutOfDate", "ConfigurationNeeded", "Revoked"]],
  ])("%s from %j", (merged, parts) => expect(mergeStatuses(parts)).toBe(merged));

  it("is never better than any part, and order does not matter", () => {
    fc.assert(fc.property(fc.array(fc.constantFrom(...TCB_STATUSES), { maxLength: 4 }), (parts) => {
      const merged = mergeStatuses(parts);
      expect(parts.every((part) => TCB_STATUSES.indexOf(merged) >= TCB_STATUSES.indexOf(part))).toBe(true);
      expect(mergeStatuses([...parts].reverse())).toBe(merged);
    }), { seed: 3 });
  });
});

type Json = { [key: string]: Json } | Json[] | string | number | boolean | null;

describe("TCB Info and QE Identity are read strictly", () => {
  const collateral = collateralOf(readCase("tdx/phala-v4-ok").input);
  const info = collateral["tcb_info"] as string;
  const identity = collateral["qe_identity"] as string;

  /** Sets what a dotted path names; undefined takes it away. */
  function edited(text: string, path: string, value: Json | undefined): string {
    const root = JSON.parse(text) as Record<string, Json>;
    const keys = path.split(".");
    const last = keys.pop() as string;
    const owner = keys.reduce<Record<string, Json>>((at, key) => at[key] as Record<string, Json>, root);
    if (value === undefined) delete owner[last];
    else owner[last] = value;
    return JSON.stringify(root);
  }

  it.each<[string, Json | undefined]>([
    ["version", 2], ["version", "3"], ["id", "SEV"], ["id", undefined], ["issueDate", "2025-06-19"], ["issueDate", "2025-06-31T00:00:00Z"],
    ["nextUpdate", "2025-07-19T10:16:03+00:00"], ["fmspc", "B0C06F0000"], ["fmspc", "zz"], ["pceId", undefined], ["tcbType", 1],
    ["tcbEvaluationDataNumber", 1.5], ["tcbEvaluationDataNumber", -1], ["tdxModule", undefined], ["tdxModuleIdentities.0.id", "TDX_3"],
    ["tdxModuleIdentities.0.mrsigner", "00"], ["tdxModuleIdentities.0.tcbLevels", []], ["tcbLevels", []],
    ["tcbLevels.0.tcbStatus", "Fine"], ["tcbLevels.0.tcbStatus", undefined], ["tcbLevels.0.tcb.pcesvn", 65536],
    ["tcbLevels.0.tcb.sgxtcbcomponents", []], ["tcbLevels.0.tcb.sgxtcbcomponents.3.svn", 256], ["tcbLevels.0.tcb.tdxtcbcomponents", undefined],
    ["tcbLevels.1.advisoryIDs", "INTEL-SA-00001"], ["tcbLevels.1.advisoryIDs", ["\u001b[2J"]],
  ])("refuses TCB Info with %s = %j", async (path, value) => {
    expect(await refusal((async () => readTcbInfo(edited(info, path, value)))())).toBe("collateral_malformed");
  });

  it.each<[string, Json | undefined]>([
    ["version", 3], ["id", "QVE"], ["mrsigner", "00"], ["attributesMask", undefined], ["miscselect", "0"], ["isvprodid", -1],
    ["tcbLevels", []], ["tcbLevels.0.tcbStatus", ""], ["nextUpdate", undefined],
  ])("refuses QE Identity with %s = %j", async (path, value) => {
    expect(await refusal((async () => readQeIdentity(edited(identity, path, value)))())).toBe("collateral_malformed");
  });

  it("lets fields pass that the vendor adds under the same version", () => {
    expect(readTcbInfo(edited(info, "remark", "signed by its author")).version).toBe(3);
  });
});
