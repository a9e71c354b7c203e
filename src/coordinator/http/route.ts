import { z } from "zod";
import type { Bytes } from "../../protocol/bytes.js";
import type { PartyKey } from "../../protocol/ids.js";
import type { Context } from "../context.js";
import type { AccessRule } from "./access.js";
import type { Answer } from "./answer.js";
import type { Body } from "./body.js";
import { checked } from "./validate.js";
import type { Response } from "express";

/** A request after every check that does not need to know what it is about. */
export interface Call<P, Q, B> {
  readonly caller: PartyKey;
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  /** Aborts when the caller has gone or the service is stopping. */
  readonly signal: AbortSignal;
}

interface RouteSpec<P extends z.ZodRawShape, Q, B, A> {
  readonly method: "get" | "put" | "post";
  /** Parameters in braces, as in OpenAPI. */
  readonly path: string;
  readonly name: string;
  readonly summary: string;
  readonly access: AccessRule;
  readonly params?: z.ZodObject<P>;
  readonly query?: z.ZodType<Q> & z.ZodObject;
  readonly body: Body<B>;
  readonly answer: Answer<A>;
  readonly handle: (ctx: Context, call: Call<z.output<z.ZodObject<P>>, Q, B>) => Promise<A>;
}

/** A row of the route table. Validation, access and the API description are all made from it. */
export interface Route {
  readonly method: "get" | "put" | "post";
  readonly path: string;
  readonly name: string;
  readonly summary: string;
  readonly access: AccessRule;
  readonly params: z.ZodObject;
  readonly query: z.ZodObject;
  readonly body: Pick<Body<unknown>, "mediaType" | "limit" | "form">;
  readonly answer: Pick<Answer<unknown>, "status" | "mediaType" | "form">;
  readonly readParams: (raw: Raw) => Readonly<Record<string, string>>;
  readonly run: (ctx: Context, request: RawCall, res: Response) => Promise<void>;
}

type Raw = Readonly<Record<string, unknown>>;
interface RawCall { readonly caller: PartyKey; readonly params: Raw; readonly query: Raw; readonly body: Bytes; readonly signal: AbortSignal }

export function route<P extends z.ZodRawShape, Q, B, A>(spec: RouteSpec<P, Q, B, A>): Route {
  const params = (spec.params ?? z.object({})) as z.ZodObject<P>;
  const query = (spec.query ?? z.strictObject({})) as z.ZodType<Q> & z.ZodObject;
  return {
    ...spec, params, query,
    readParams: (raw) => checked(params, raw) as Readonly<Record<string, string>>,
    run: async (ctx, raw, res) => {
      const call = {
        caller: raw.caller, params: checked(params, raw.params), query: checked(query as z.ZodType<Q>, raw.query),
        body: spec.body.parse(raw.body), signal: raw.signal,
      };
      await spec.answer.write(res, await spec.handle(ctx, call), raw.signal);
    },
  };
}
