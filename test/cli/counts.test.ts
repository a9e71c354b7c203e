import { expect, it } from "vitest";
import { describeRecords } from "../../src/cli/warnings.js";

it("counts of a dataset say what was imported but not sealed", () => {
  expect(describeRecords(78, 0)).toBe("78 records");
  expect(describeRecords(1, 0)).toBe("1 record");
  expect(describeRecords(76, 2)).toBe("76 records (2 on or after the as-of day left out)");
});
