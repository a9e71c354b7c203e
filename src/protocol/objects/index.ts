export * from "./dataset.js";
export * from "./define.js";
export * from "./grant.js";
export * from "./job.js";
export * from "./key-release.js";
export * from "./parts.js";
export * from "./receipt.js";
export * from "./result.js";
