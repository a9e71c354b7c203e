import { describe, expect, it } from "vitest";
import { COMMANDS, commandsFor } from "../../src/cli/commands.js";

// Promise: loading commands one by one hides none of them.

describe("the table of commands", () => {
  it.each(Object.entries(COMMANDS))("has %s under its own name, described", async (name, load) => {
    const command = await load();
    expect(command.name()).toBe(name);
    expect(command.description()).toMatch(/\.$/);
  });

  it("gives the one that is named, and all where none is", async () => {
    const names = async (...words: string[]): Promise<string[]> => (await commandsFor(words)).map((c) => c.name());
    expect(await names("verify", "receipt.json")).toEqual(["verify"]);
    expect(await names("--version")).toEqual([]);
    for (const words of [[], ["--help"], ["help", "verify"], ["conductor"], ["toString"], ["--profile", "verify"]]) {
      expect(await names(...words)).toEqual(Object.keys(COMMANDS));
    }
  });
});
