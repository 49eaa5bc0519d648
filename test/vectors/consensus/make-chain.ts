/** The vectors of docs/protocol/chain.md: `node test/vectors/consensus/make-chain.ts` writes them anew. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256, toHex, utf8 } from '#base';
import { SigningKey } from '#crypto';
import { encode } from '#ledger';
import { certificateOf, signBallot, signProposal } from '../../../src/consensus/blocks/index.ts';
import { PREVOTE } from '../../../src/consensus/constants.ts';
import { encodeMessage, helloCodec, type Message } from '../../../src/consensus/gossip/messages.ts';
import { encodeRecord, type JournalRecord, LastSign } from '../../../src/consensus/journal/index.ts';
import { RecordLog } from '../../../src/consensus/journal/record-log.ts';
import { requestCodec, type SyncRequest } from '../../../src/consensus/sync/messages.ts';
import { Validator } from '../../../src/consensus/validator.ts';

const chainId = new Uint8Array(32).fill(7);
const key = new SigningKey(sha256(utf8('chain vectors')));
const hash = (name: string) => sha256(utf8(name));

const ballot = { height: 5, round: 1, kind: PREVOTE, block: hash('block') } as const;
const vote = signBallot(chainId, ballot, 3, key);
const unsigned = {
  height: 5,
  round: 1,
  validRound: 0,
  block: hash('block'),
  partsRoot: hash('parts'),
  parts: 2,
  time: 1_764_000_000_123,
};
const proposal = signProposal(chainId, unsigned, key);
const part = { index: 1, bytes: utf8('the end of a block'), proof: [hash('sibling')] };

const MESSAGES: Message[] = [
  { type: 'status', value: { height: 5, round: 1, base: 1 } },
  {
    type: 'have',
    value: {
      height: 5,
      round: 1,
      proposal: [{ root: hash('parts'), total: 2 }],
      parts: Uint8Array.of(0b11),
      prevotes: Uint8Array.of(0b1000),
      precommits: new Uint8Array(1),
      certificates: 1,
    },
  },
  { type: 'proposal', value: proposal },
  { type: 'part', value: { height: 5, root: hash('parts'), total: 2, part } },
  { type: 'vote', value: vote },
  { type: 'offer', value: [hash('transaction')] },
  { type: 'want', value: [hash('transaction')] },
  { type: 'transactions', value: [utf8('transaction')] },
  { type: 'certificate', value: certificateOf([vote]) },
  { type: 'stem', value: utf8('transaction') },
];

const QUESTIONS: SyncRequest[] = [
  { type: 'block', value: { height: 5 } },
  { type: 'light', value: { height: 0 } },
  { type: 'snapshots', value: {} },
  { type: 'chunk', value: { height: 500, format: 1, chunk: 2 } },
  { type: 'members', value: { hash: hash('members') } },
];

const RECORDS: JournalRecord[] = [
  { type: 'block', value: utf8('bytes of a block') },
  { type: 'input', value: { type: 'proposal', proposal, verdict: 'valid' } },
  { type: 'input', value: { type: 'vote', vote } },
  { type: 'input', value: { type: 'certificate', certificate: certificateOf([vote]) } },
  { type: 'input', value: { type: 'timeout', height: 5, round: 1, step: 'prevote' } },
];

/** Everything in hexadecimal. */
export function chainVectors() {
  const folder = mkdtempSync(join(tmpdir(), 'bitorch-vectors-'));
  try {
    const { log } = RecordLog.open(join(folder, 'log'));
    for (const record of RECORDS) log.append(encodeRecord(record));
    log.close();
    new Validator(chainId, { key, guard: new LastSign(join(folder, 'last-sign')) }).signVote(ballot, 3);
    const read = (name: string) => toHex(new Uint8Array(readFileSync(join(folder, name))));
    return {
      validator: toHex(key.publicKey),
      hello: toHex(encode(helloCodec, { version: 2, chainId, genesis: hash('genesis') })),
      gossip: MESSAGES.map((message) => ({ kind: message.type, bytes: toHex(encodeMessage(message)) })),
      questions: QUESTIONS.map((question) => ({
        kind: question.type,
        bytes: toHex(encode(requestCodec, question)),
      })),
      journal: read('log'),
      lastSign: read('last-sign'),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

if (import.meta.main) {
  const path = new URL('../../../docs/protocol/vectors/chain.json', import.meta.url);
  writeFileSync(path, `${JSON.stringify(chainVectors(), undefined, 2)}\n`);
}
