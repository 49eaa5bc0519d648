import { existsSync, readFileSync } from 'node:fs';
import { BitorchError, equalBytes, fromHex, replaceFile, toHex } from '#base';
import { blob, decode, encode, fixed, integer, struct } from '#ledger';
import { blockId, type Header, validatorSetCodec } from '../blocks/index.ts';
import { HASH_BYTES } from '../constants.ts';
import type { LightBlock } from '../sync/index.ts';
import type { LightPeer } from './light-peer.ts';
import type { Trusted } from './verify.ts';

export const trustedCodec = struct({
  /** Hash of the genesis of the chain. */
  genesis: fixed(HASH_BYTES),
  height: integer(),
  time: integer(),
  id: fixed(HASH_BYTES),
  appHash: blob(HASH_BYTES),
  nextValidators: validatorSetCodec,
});

/** A block that the operator vouches for, known from a source other than the peers. */
export interface Checkpoint {
  readonly height: number;
  readonly id: Uint8Array;
}

/** Parses `HEIGHT:ID`, the id in hexadecimal. Throws OPTION_INVALID when it is malformed. */
export function parseCheckpoint(text: string): Checkpoint {
  const [, height, id] = /^([1-9]\d{0,14}):([0-9a-f]{64})$/i.exec(text) ?? [];
  if (height === undefined || id === undefined)
    throw new BitorchError(
      'OPTION_INVALID',
      `--trust ${text}: write a height, a colon and the 64 hexadecimal digits of the block's id`,
    );
  return { height: Number(height), id: fromHex(id) };
}

/** Throws CHECKPOINT_DIFFERS when the header has the checkpoint's height but another id. */
export function requireCheckpoint(header: Header, checkpoint: Checkpoint | undefined): void {
  const id = blockId(header);
  if (header.height !== checkpoint?.height || equalBytes(id, checkpoint.id)) return;
  throw new BitorchError(
    'CHECKPOINT_DIFFERS',
    `block ${header.height} has the id ${toHex(id)}, not the one given with --trust: verify that one, or move the chain ` +
      'folder away and sync again, but keep last-sign, which guards the validator key',
  );
}

/** The last trusted header; undefined if none of this chain is stored. */
export function trustedIn(path: string, genesis: Uint8Array): Trusted | undefined {
  if (!existsSync(path)) return undefined;
  const { genesis: of, ...trusted } = decode(trustedCodec, new Uint8Array(readFileSync(path)));
  return equalBytes(of, genesis) ? trusted : undefined;
}

export function keepTrusted(path: string, genesis: Uint8Array, trusted: Trusted): void {
  replaceFile(path, encode(trustedCodec, { genesis, ...trusted }));
}

/** The header of a checkpoint, from any node that has it. Throws LIGHT_MISSING when none has. */
export async function trustedAt(
  { height, id }: Checkpoint,
  peers: readonly Pick<LightPeer, 'light'>[],
): Promise<Trusted> {
  for (const peer of peers) {
    const light = await peer.light(height).catch(() => undefined);
    if (light && isCheckpoint(light, id)) {
      const { time, appHash } = light.header;
      return { height, time, id, appHash, nextValidators: light.nextValidators };
    }
  }
  throw new BitorchError('LIGHT_MISSING', `no node has a block ${height} with the id ${toHex(id)}`);
}

const isCheckpoint = ({ header, nextValidators }: LightBlock, id: Uint8Array): boolean =>
  equalBytes(blockId(header), id) && equalBytes(nextValidators.hash, header.nextValidators);
