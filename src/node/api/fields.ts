/** Fields that several slices of the API share. */
import { z } from '#base';

/** Milliseconds since epoch. */
export const zTime = z.number();

/** An amount in sparks, in decimal digits: it does not fit a double (1 TORCH = 10^9 sparks). */
export const zSparks = z.string().regex(/^\d+$/);

/** A positive amount in a request. */
export const zAmount = z.string().regex(/^[1-9]\d{0,19}$/, 'must be an amount in sparks, in decimal digits');

/** The password of the wallet, which is sent with each request that needs it. */
export const zPassword = z.string().min(1).max(1024);

/** A range of blocks or positions: [first, end). */
export const zBlockRange = z.strictObject({ first: z.number(), end: z.number() });

/** A node as it is shown: its id and its name. */
export const zNodeName = z.strictObject({ nodeId: z.string(), name: z.string() });

/** Progress of a step in its unit. */
export const zProgress = z.strictObject({ done: z.number(), total: z.number() });
