import { OpenApiGeneratorV31, OpenAPIRegistry } from "@asteasolutions/zod-to-openapi";
import { z } from "zod";
import { PROBLEM_MEDIA_TYPE } from "../../transport/problem.js";
import { ACCESS } from "./access.js";
import type { Route } from "./route.js";

const problem = z.object({
  type: z.string(), title: z.string(), status: z.int(), code: z.string(),
  facts: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
});

/** The OpenAPI 3.1 document of a route table: made from what validates, so the two cannot differ. */
export function openApiOf(routes: readonly Route[]): Record<string, unknown> {
  const registry = new OpenAPIRegistry();
  registry.registerComponent("securitySchemes", "httpSignature", {
    type: "http", scheme: "signature",
    description: "HTTP Message Signatures (RFC 9421), Ed25519, over @method, @authority, @path, @query and content-digest; tag veritee",
  });
  for (const route of routes) registry.registerPath(pathOf(route));
  const document = new OpenApiGeneratorV31(registry.definitions).generateDocument({
    openapi: "3.1.0",
    info: { title: "Veritee coordinator", version: "1", description: "Protobuf bodies are messages of proto/veritee.proto." },
  });
  return document as unknown as Record<string, unknown>;
}

function pathOf(route: Route): Parameters<OpenAPIRegistry["registerPath"]>[0] {
  const { mediaType, form } = route.body;
  return {
    method: route.method,
    path: route.path,
    operationId: route.name,
    summary: route.summary,
    description: `For ${ACCESS[route.access].says}.`,
    ...(route.access === "public" ? {} : { security: [{ httpSignature: [] }] }),
    request: {
      params: route.params,
      query: route.query,
      ...(mediaType === undefined ? {} : { body: { required: true, content: { [mediaType]: { schema: schemaOf(form) } } } }),
    },
    responses: {
      [route.answer.status]: answerOf(route),
      default: { description: "What went wrong (RFC 9457)", content: { [PROBLEM_MEDIA_TYPE]: { schema: problem } } },
    },
  };
}

function answerOf({ answer }: Route): { description: string; content?: Record<string, { schema: z.ZodType | { type: "string"; description: string } }> } {
  if (answer.mediaType === undefined) return { description: "Done" };
  return { description: "Done", content: { [answer.mediaType]: { schema: schemaOf(answer.form) } } };
}

const schemaOf = (form: Route["body"]["form"]): z.ZodType | { type: "string"; description: string } =>
  form.schema ?? { type: "string", description: form.message === undefined ? "bytes" : `bytes of veritee.v1.${form.message}` };
