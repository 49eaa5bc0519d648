import { accountKind, SINGLE } from '../buckets.ts';
import { amount, type Decoded, integer, list, struct } from '../codec/index.ts';
import { key } from './shapes.ts';

/** Above the number of validators that vote at once. */
export const MAX_OFFENCES = 1_024;

const offenceCodec = struct({ validator: key, height: integer(), tokens: amount, total: amount });
export type Offence = Decoded<typeof offenceCodec>;

/** Offences within the unbonding time: validator, height of punishment, its stake, and the total stake, in sparks. */
const offencesCodec = struct({ offences: list(offenceCodec, MAX_OFFENCES) });

export const offencesRecord = accountKind(10, SINGLE, offencesCodec, () => 0n);
