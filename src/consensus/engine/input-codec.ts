import { byteOf, type Codec, fixed, integer, list, struct } from '#ledger';
import { certificateCodec, proposalCodec, voteCodec } from '../blocks/index.ts';
import { HASH_BYTES, MAX_ROUND, MAX_VALIDATORS } from '../constants.ts';
import type { Input, Verdict, WaitingStep } from './messages.ts';

const round = integer(0, MAX_ROUND);
const block = fixed(HASH_BYTES);

/** Encodes one of a few strings as a byte. */
const oneOf = <const T extends string>(...words: readonly T[]): Codec<T> => {
  const index = byteOf(...words.map((_, i) => i));
  return {
    write: (out, value) => index.write(out, words.indexOf(value)),
    read: (input) => words[index.read(input)]!,
  };
};

const MAX_EARLY_VOTES = 2 ** 16;

const fieldsOf: { readonly [T in Input['type']]: Codec<Omit<Extract<Input, { type: T }>, 'type'>> } = {
  start: struct({
    votes: list(voteCodec, MAX_EARLY_VOTES),
    certificates: list(certificateCodec, MAX_VALIDATORS),
  }) as Codec<object>,
  value: struct({ round, block }),
  proposal: struct({ proposal: proposalCodec, verdict: oneOf<Verdict>('valid', 'untimely', 'invalid') }),
  vote: struct({ vote: voteCodec }),
  certificate: struct({ certificate: certificateCodec }),
  block: struct({ round, block }),
  timeout: struct({
    height: integer(1),
    round,
    step: oneOf<WaitingStep>('propose', 'prevote', 'precommit'),
  }),
};

const typeCodec = oneOf(...(Object.keys(fieldsOf) as Input['type'][]));

/** An input as stored in the journal of a height. */
export const inputCodec: Codec<Input> = {
  write(out, input) {
    typeCodec.write(out, input.type);
    const fields = input.type === 'start' ? { votes: [], certificates: [], ...input } : input;
    (fieldsOf[input.type] as Codec<object>).write(out, fields);
  },
  read(input) {
    const type = typeCodec.read(input);
    return { type, ...fieldsOf[type].read(input) } as Input;
  },
};
