/** An export says that others need a name. What nothing needs goes, and what only its own file needs is not exported. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { deadExports } from '../../scripts/dead-exports.ts';

/** Exports that the code itself does not take, by the reason why they stay. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  'the two sides of an escrow: nodes settle by them once inference is paid': [
    'src/ledger/escrow/payee.ts#Payee',
    'src/ledger/escrow/payer.ts#Payer',
    'src/ledger/escrow/quote.ts#signQuote',
    'src/ledger/escrow/quote.ts#termsOf',
    'src/ledger/wallet/escrow-journal.ts#fileJournal',
  ],
  'a longest encoding, which docs/protocol names and the test of its codec reaches': [
    'src/consensus/blocks/certificate.ts#MAX_CERTIFICATE_BYTES',
    'src/consensus/blocks/header.ts#MAX_HEADER_BYTES',
    'src/consensus/blocks/parts.ts#MAX_PART_BYTES',
    'src/consensus/blocks/proposal.ts#MAX_PROPOSAL_BYTES',
    'src/consensus/blocks/validators.ts#MAX_VALIDATOR_SET_BYTES',
    'src/consensus/blocks/vote.ts#MAX_VOTE_BYTES',
  ],
  'what the guard of a validator signs, signed by validators of a test without one': [
    'src/consensus/blocks/proposal.ts#signProposal',
    'src/consensus/blocks/vote.ts#signBallot',
  ],
  "Monero's own rules and encodings, for the comparison with its outputs": [
    'src/crypto/ringct/output.ts#MONERO_RULES',
    'src/crypto/ringct/output.ts#oneTimeSecret',
    'src/crypto/ringct/points.ts#fromWire',
  ],
  'the other side of what a node only makes or lists': [
    'src/consensus/application/queries/account-proof.ts#verifyAccount',
    'src/server/chat-request.ts#SUPPORTED_FIELDS',
  ],
  'verifies in the calling thread, which keeps tests of the application fast': [
    'src/consensus/application/verification/spend-verifier.ts#verifierHere',
  ],
};

/** The API is described whole, whatever of it our own page and commands use. */
const isApi = (key: string): boolean => key.startsWith('src/node/api/');

const allowed = new Set(Object.values(ALLOWED).flat());

test('every export is needed by another file, and not only by tests', () => {
  const found = deadExports().map(({ file, name, why }) => ({ key: `${file}#${name}`, why }));
  const dead = found.filter(({ key }) => !allowed.has(key) && !isApi(key));
  assert.deepEqual(
    dead.map(({ key, why }) => `${why}: ${key}`),
    [],
  );
});

test('what is allowed is still there', () => {
  const gone = [...allowed].filter((key) => {
    const [file = '', name] = key.split('#');
    return !existsSync(file) || !new RegExp(`^export .*\\b${name}\\b`, 'm').test(readFileSync(file, 'utf8'));
  });
  assert.deepEqual(gone, []);
});
