import { BitorchError, dropOldest, equalBytes, toHex } from '#base';
import { type Codec, decode, encode } from '#ledger';
import type { Host } from '#network';
import {
  hashOfMembers,
  type Member,
  membersCodec,
  type SetReference,
  ValidatorSet,
} from '../blocks/index.ts';
import { MAX_ANSWER_FRAME, SYNC_PROTOCOL } from './constants.ts';
import {
  answerCodec,
  blockAnswerCodec,
  chunkAnswerCodec,
  type LightBlock,
  lightBlockCodec,
  requestCodec,
  type SyncRequest,
  snapshotsCodec,
} from './messages.ts';
import { Questions } from './questions.ts';

/** Validator sets per peer whose members are remembered. */
const MAX_MEMBERS_KNOWN = 8;

/** Queries one peer. Every method throws PEER_UNREACHABLE, STREAM_CLOSED or CODEC_INVALID when the query fails. */
export class SyncClient {
  readonly peer: string;
  readonly #questions: Questions;
  /** By hash, most recently used last. */
  readonly #members = new Map<string, readonly Member[]>();

  constructor(peer: string, dependencies: { host: Host }) {
    this.peer = peer;
    this.#questions = new Questions(
      { peer, protocol: SYNC_PROTOCOL, maxAnswer: MAX_ANSWER_FRAME },
      dependencies,
    );
  }

  block(height: number) {
    return this.#ask({ type: 'block', value: { height } }, blockAnswerCodec);
  }

  /** Includes the members of its sets, which are requested when unknown. */
  async light(height: number): Promise<LightBlock | undefined> {
    const found = await this.#ask({ type: 'light', value: { height } }, lightBlockCodec);
    if (!found) return undefined;
    const validators = await this.#set(found.validators);
    const nextValidators = await this.#set(found.nextValidators);
    return { ...found, validators, nextValidators };
  }

  snapshots() {
    return this.#ask({ type: 'snapshots', value: {} }, snapshotsCodec);
  }

  chunk(height: number, format: number, chunk: number) {
    return this.#ask({ type: 'chunk', value: { height, format, chunk } }, chunkAnswerCodec);
  }

  close(): void {
    this.#questions.close();
  }

  async #set({ members, priorities }: SetReference): Promise<ValidatorSet> {
    const name = toHex(members);
    const known = this.#members.get(name) ?? (await this.#membersOf(members));
    this.#members.delete(name);
    this.#members.set(name, known);
    dropOldest(this.#members, MAX_MEMBERS_KNOWN);
    return ValidatorSet.join(known, priorities);
  }

  async #membersOf(hash: Uint8Array): Promise<readonly Member[]> {
    const found = await this.#ask({ type: 'members', value: { hash } }, membersCodec);
    if (!found || !equalBytes(hashOfMembers(found), hash))
      throw new BitorchError(
        'CODEC_INVALID',
        `${this.peer} refers to a validator set that it does not provide`,
      );
    return found;
  }

  async #ask<T>(request: SyncRequest, codec: Codec<T>): Promise<T | undefined> {
    const answer = await this.#questions.ask(encode(requestCodec, request));
    return decode(answerCodec(codec), answer, MAX_ANSWER_FRAME);
  }
}
