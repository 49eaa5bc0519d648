/** Descriptions of responses, for OpenAPI and for the types of handlers. */
import { z } from '#base';
import { zError } from '#node/api';

/** A JSON response. */
export const json = <Schema extends z.ZodType>(schema: Schema) => ({ 200: schema, default: zError }) as const;

/** A response without a body. */
export const NO_CONTENT = { 204: z.undefined(), default: zError } as const;

/** A response of another media type; `schema` describes one message of it. */
export const content = (type: string, schema: z.ZodType = z.string()) =>
  ({ 200: { content: { [type]: { schema } } }, default: zError }) as const;

/**
 * Responses are sent as they are: their types are inferred from the schemas, and a schema that removed or refused a field while
 * the node runs would hide a fault. test/unit/server/routes.test.ts holds every response against its schema.
 */
export const serializerCompiler = () => (data: unknown) => JSON.stringify(data);
