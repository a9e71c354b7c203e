#!/usr/bin/env node
import { existsSync } from "node:fs";

const entry = new URL("../dist/src/cli/main.js", import.meta.url);
if (!existsSync(entry)) {
  console.error("veritee is not built yet: run `npm run build` once (or use `npm run veritee -- ...`, which builds by itself)");
  process.exit(3);
}
await import(entry.href);
