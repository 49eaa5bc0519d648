import { decode, encode } from '#ledger';
import type { Application } from '../application/index.ts';
import { membersCodec } from '../blocks/index.ts';
import type { ChainStore } from '../chain-store.ts';
import { MAX_REQUEST_FRAME, MAX_SNAPSHOTS, SYNC_PROTOCOL } from './constants.ts';
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
import type { QuestionServer } from './question-server.ts';

export interface SyncServerDependencies {
  readonly questions: QuestionServer;
  readonly store: ChainStore;
  readonly application: Application;
}

/** Cost of a look-up and of reading a byte, in ms of a slow core. */
const LOOKUP_MS = 0.4;
const BYTE_MS = 1e-6;

/** Answers nodes that are behind, and light nodes. */
export function serveSync(dependencies: SyncServerDependencies): Promise<void> {
  return dependencies.questions.serve({
    protocol: SYNC_PROTOCOL,
    maxQuestion: MAX_REQUEST_FRAME,
    async answer(question) {
      const bytes = await answer(decode(requestCodec, question), dependencies);
      return { bytes, costMs: LOOKUP_MS + bytes.length * BYTE_MS };
    },
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

/** Proof of the header of a height, or of the last one for 0; undefined when not available. */
export function lightBlockOf(store: ChainStore, height: number): LightBlock | undefined {
  const of = height === 0 ? store.height : height;
  const summary = store.summary(of);
  const commit = store.commit(of);
  const validators = store.validators(of);
  const nextValidators = store.validators(of + 1);
  if (!summary || !commit || !validators || !nextValidators) return undefined;
  return { header: summary.header, commit, validators, nextValidators };
}
