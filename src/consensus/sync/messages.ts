import { blob, byteOf, type Codec, type Decoded, fixed, integer, list, struct, tagged } from '#ledger';
import { MAX_CHUNK_BYTES } from '../application/index.ts';
import {
  type Commit,
  commitCodec,
  type Header,
  headerCodec,
  referenceTo,
  setReferenceCodec,
  type ValidatorSet,
} from '../blocks/index.ts';
import { HASH_BYTES, MAX_BLOCK_BYTES } from '../constants.ts';
import { MAX_METADATA_BYTES, MAX_SNAPSHOTS } from './constants.ts';

/** Requests to another node of the chain: one frame each, answered in order. */
export type SyncRequest =
  /** A block and its commit. */
  | { readonly type: 'block'; readonly value: { readonly height: number } }
  /** Header, commit and validators of a height; of the last one for 0. */
  | { readonly type: 'light'; readonly value: { readonly height: number } }
  | { readonly type: 'snapshots'; readonly value: Record<never, never> }
  | {
      readonly type: 'chunk';
      readonly value: { readonly height: number; readonly format: number; readonly chunk: number };
    }
  /** The members of a validator set, by their hash. */
  | { readonly type: 'members'; readonly value: { readonly hash: Uint8Array } };

const KINDS: readonly (readonly [SyncRequest['type'], Codec<unknown>])[] = [
  ['block', struct({ height: integer(1) })],
  ['light', struct({ height: integer(0) })],
  ['snapshots', struct({})],
  ['chunk', struct({ height: integer(1), format: integer(0, 2 ** 32), chunk: integer(0, 2 ** 32) })],
  ['members', struct({ hash: fixed(HASH_BYTES) })],
];

/** The first byte is the position in the list above, from 1. */
export const requestCodec = tagged<SyncRequest>('question', KINDS);

export const blockAnswerCodec = struct({ block: blob(MAX_BLOCK_BYTES), commit: commitCodec });

/** Proof of a header: its commit, the set that signed it, and the set of the next height. */
export interface LightBlock {
  readonly header: Header;
  readonly commit: Commit;
  readonly validators: ValidatorSet;
  readonly nextValidators: ValidatorSet;
}

/** A light block on the wire: the members of its sets are requested by hash, once. */
export const lightBlockCodec = struct({
  header: headerCodec,
  commit: commitCodec,
  validators: setReferenceCodec,
  nextValidators: setReferenceCodec,
});

export const lightMessageOf = (light: LightBlock | undefined): Decoded<typeof lightBlockCodec> | undefined =>
  light && {
    ...light,
    validators: referenceTo(light.validators),
    nextValidators: referenceTo(light.nextValidators),
  };

export const snapshotsCodec = list(
  struct({
    height: integer(1),
    format: integer(0, 2 ** 32),
    chunks: integer(1, 2 ** 20),
    hash: fixed(HASH_BYTES),
    metadata: blob(MAX_METADATA_BYTES),
  }),
  MAX_SNAPSHOTS,
);

export const chunkAnswerCodec = blob(MAX_CHUNK_BYTES);

/** An answer: one byte, 0 for "not available", or 1 followed by the value. */
export const answerCodec = <T>(codec: Codec<T>): Codec<T | undefined> => {
  const found = byteOf(0, 1);
  return {
    write(out, value) {
      found.write(out, value === undefined ? 0 : 1);
      if (value !== undefined) codec.write(out, value);
    },
    read: (input) => (found.read(input) === 1 ? codec.read(input) : undefined),
  };
};
