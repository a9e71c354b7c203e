import { describe, expect, it } from "vitest";
import { ACCESS } from "../../../src/coordinator/http/access.js";
import { openApiDocument, ROUTES } from "../../../src/coordinator/http/routes.js";

interface Operation { operationId: string; security?: unknown[]; requestBody?: { content: object }; responses: Record<string, { content?: object }>; parameters?: { name: string; in: string }[] }
const document = openApiDocument() as { openapi: string; paths: Record<string, Record<string, Operation>> };
const operations = Object.entries(document.paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => ({ path, method, operation })));

describe("the API description", () => {
  it("describes every route of the table and nothing else", () => {
    expect(document.openapi).toBe("3.1.0");
    const described = operations.map((o) => `${o.method} ${o.path} ${o.operation.operationId}`).sort();
    expect(described).toEqual(ROUTES.map((r) => `${r.method} ${r.path} ${r.name}`).sort());
    expect(new Set(ROUTES.map((r) => r.name)).size).toBe(ROUTES.length);
  });

  it("says of every route its parameters, body, answer and errors", () => {
    for (const route of ROUTES) {
      const { operation } = operations.find((o) => o.operation.operationId === route.name) as (typeof operations)[number];
      const named = (place: string) => (operation.parameters ?? []).filter((q) => q.in === place).map((q) => q.name).sort();
      expect(named("path"), route.name).toEqual([...route.path.matchAll(/\{(\w+)\}/g)].map((m) => m[1]).sort());
      expect(named("query"), route.name).toEqual(Object.keys(route.query.shape).sort());
      expect(Object.keys(operation.requestBody?.content ?? {}), route.name).toEqual(route.body.mediaType === undefined ? [] : [route.body.mediaType]);
      expect(Object.keys(operation.responses[String(route.answer.status)]?.content ?? {})).toEqual(route.answer.mediaType === undefined ? [] : [route.answer.mediaType]);
      expect(Object.keys(operation.responses["default"]?.content ?? {})).toEqual(["application/problem+json"]);
    }
  });
});

describe("the route table", () => {
  it("names a known access rule on every route, and no signature on three only", () => {
    for (const route of ROUTES) expect(Object.keys(ACCESS)).toContain(route.access);
    expect(ROUTES.filter((r) => r.access === "public").map((r) => r.path).sort()).toEqual(["/healthz", "/openapi.json", "/readyz"]);
    for (const { operation, path } of operations) expect(operation.security !== undefined, path).toBe(!["/healthz", "/openapi.json", "/readyz"].includes(path));
  });

  it("bounds every body, and has parameters exactly where the path has them", () => {
    for (const route of ROUTES) {
      expect(route.body.limit).toBeLessThanOrEqual(4 << 20);
      expect(route.body.limit === 0).toBe(route.body.mediaType === undefined);
      expect(Object.keys(route.params.shape).sort()).toEqual([...route.path.matchAll(/\{(\w+)\}/g)].map((m) => m[1]).sort());
      expect(route.method === "get" ? route.body.limit : 0).toBe(0);
    }
  });
});
