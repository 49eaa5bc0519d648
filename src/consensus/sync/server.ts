import { BitorchError } from '#base';
import { decode, encode } from '#ledger';
import type { FrameStream, Host } from '#network';
import type { Application } from '../application/index.ts';
import { membersCodec } from '../blocks/index.ts';
import type { ChainStore } from '../chain-store/index.ts';
import { Allowance } from '../gossip/allowance.ts';
import {
  MAX_REQUEST_FRAME,
  MAX_SNAPSHOTS,
  REQUESTS_AT_ONCE,
  REQUESTS_PER_SECOND,
  SYNC_PROTOCOL,
} from './constants.ts';
import {
  answerCodec,
  blockAnswerCodec,
  chunkAnswerCodec,
  type LightBlock,
  lightBlockCodec,
  lightMessageOf,
  requestCodec,
  type SyncRequest,
  snapshotsCodec,
} from './messages.ts';

export interface SyncServerDependencies {
  readonly host: Host;
  readonly store: ChainStore;
  readonly application: Application;
  /** Milliseconds that only go on. */
  readonly now: () => number;
}

/** Answers the questions of nodes that are behind, and of light ones. */
export async function serveSync(dependencies: SyncServerDependencies): Promise<void> {
  const { host, now } = dependencies;
  await host.handle(SYNC_PROTOCOL, MAX_REQUEST_FRAME, async (stream: FrameStream) => {
    const allowance = new Allowance(REQUESTS_PER_SECOND, REQUESTS_AT_ONCE, now());
    for (let frame = await stream.read(); frame; frame = await stream.read()) {
      if (!allowance.spend(1, now())) throw new BitorchError('QUOTA_EXCEEDED', 'too many questions');
      await stream.send(await answer(decode(requestCodec, frame), dependencies));
    }
  });
}

async function answer(request: SyncRequest, deps: SyncServerDependencies): Promise<Uint8Array> {
  const { store, application } = deps;
  switch (request.type) {
    case 'block': {
      const { height } = request.value;
      const block = store.blockBytes(height);
      const commit = store.commit(height);
      return encode(answerCodec(blockAnswerCodec), block && commit && { block, commit });
    }
    case 'light':
      return encode(answerCodec(lightBlockCodec), lightMessageOf(lightBlockOf(store, request.value.height)));
    case 'members':
      return encode(answerCodec(membersCodec), store.members(request.value.hash));
    case 'snapshots': {
      const all = [...(await application.listSnapshots())];
      all.sort((a, b) => b.height - a.height);
      return encode(answerCodec(snapshotsCodec), all.slice(0, MAX_SNAPSHOTS));
    }
    case 'chunk':
      return encode(answerCodec(chunkAnswerCodec), await application.loadSnapshotChunk(request.value));
  }
}

/** What proves the header of a height, 0 for the last one; undefined when it is not here. */
export function lightBlockOf(store: ChainStore, height: number): LightBlock | undefined {
  const of = height === 0 ? store.height : height;
  const summary = store.summary(of);
  const commit = store.commit(of);
  const validators = store.validators(of);
  const nextValidators = store.validators(of + 1);
  if (!summary || !commit || !validators || !nextValidators) return undefined;
  return { header: summary.header, commit, validators, nextValidators };
}
