import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { fromUtf8, toHex, utf8 } from '#base';
import { formatGenesis, type Genesis, genesisHash, makeGenesis, parseGenesis } from '#consensus';
import { founders, NAME, START, testGenesis } from '../../support/consensus/application.ts';
import { curve, signer, somebody } from '../../support/ledger/chain.ts';

const parse = (text: string): Genesis => parseGenesis(utf8(text), curve);
const text = formatGenesis(testGenesis());

describe('a genesis file', () => {
  test('comes back as it was written, from any white space, and keeps its hash', () => {
    assert.deepEqual(parse(text), testGenesis());
    const tight = JSON.stringify(JSON.parse(text));
    assert.deepEqual(parse(tight), testGenesis());
    assert.equal(formatGenesis(parse(tight)), text);
    assert.notEqual(
      toHex(genesisHash(parse(text))),
      toHex(genesisHash(testGenesis({ consensus: { ...testGenesis().consensus, periodBlocks: 6 } }))),
    );
  });

  test('what is wrong is named', () => {
    const wrong: [RegExp, (file: Record<string, never>) => unknown][] = [
      [/network/, (file) => ({ ...file, network: 'toy' })],
      [/unknown field: premine/, (file) => ({ ...file, premine: 1 })],
      [
        /parameters\.maturity/,
        (file) => ({ ...file, parameters: { ...(file.parameters as object), maturity: -1 } }),
      ],
      [
        /startFee.*in quotes/,
        (file) => ({ ...file, parameters: { ...(file.parameters as object), startFee: 10 } }),
      ],
      [/"name" must be 3 to 48/, (file) => ({ ...file, name: 'No Spaces' })],
      [/another network/, (file) => ({ ...file, time: START + 1 })],
      [/no validator/, (file) => ({ ...file, validators: [] })],
      [/ordered by key/, (file) => ({ ...file, validators: [...(file.validators as unknown[])].reverse() })],
      [/ordered by key/, (file) => ({ ...file, validators: [file.validators[0], file.validators[0]] })],
      [/no faucet/, (file) => ({ ...file, network: 'real' })],
      [
        /more than the supply cap/,
        (file) => ({ ...file, faucet: { ...(file.faucet as object), amount: '100000000000000000' } }),
      ],
      [
        /not a public key/,
        (file) => ({ ...file, validators: [{ ...(file.validators[0] as object), key: '00'.repeat(32) }] }),
      ],
    ];
    for (const [why, change] of wrong) {
      const bent = JSON.stringify(change(JSON.parse(text)));
      assert.throws(() => parse(bent), { code: 'GENESIS_INVALID', message: why });
    }
  });

  test('a key that is there twice, or a number that is spelled in another way, is refused', () => {
    for (const bent of [
      text.replace('"network": "test"', '"network": "real", "network": "test"'),
      text.replace('"maturity": 2', '"maturity": 2.0'),
      text.replace('"maturity": 2', '"maturity": 2e0'),
      text.replace('"name"', '"n\\u0061me"'),
    ]) {
      assert.notEqual(bent, text);
      assert.throws(() => parse(bent), { code: 'GENESIS_INVALID', message: /twice, or a value/ });
    }
    for (const bent of ['', '{', '[]', 'null', `${text}x`])
      assert.throws(() => parse(bent), { code: 'GENESIS_INVALID' });
    assert.throws(() => parseGenesis(new Uint8Array(2 ** 20 + 1), curve), { message: /exceeds the limit/ });
    assert.throws(() => parseGenesis(Uint8Array.of(0xff), curve), { code: 'GENESIS_INVALID' });
  });
});

test('a list of more validators than a network has is refused before any of them is looked at', () => {
  const file = JSON.parse(text) as { validators: object[] };
  const looked: number[] = [];
  const counting = new Proxy(curve, {
    get: (target, name) => {
      looked.push(1);
      return Reflect.get(target, name) as unknown;
    },
  });
  const parsed = (validators: unknown[]) => () =>
    parseGenesis(utf8(JSON.stringify({ ...file, validators })), counting);
  const wrong = { code: 'GENESIS_INVALID', message: /"validators" must have at most \d+ items/ };
  assert.throws(parsed(Array.from({ length: 2_000 }, () => file.validators[0])), wrong);
  assert.throws(parsed(Array.from({ length: 200_000 }, () => 1)), wrong);
  assert.equal(looked.length, 0);
});

test('1 MiB of values is refused before it is parsed, wherever they are', () => {
  const wrong = { code: 'GENESIS_INVALID', message: /no more values than they need/ };
  const full = (unit: string, head = '', tail = '') =>
    utf8(head + unit.repeat((2 ** 20 - head.length - tail.length) / unit.length) + tail);
  const cases = {
    nested: full('['),
    objects: full('{"a":'),
    keys: full('"a":1,', '{', '"b":1}'),
    'a list in a field': full('0,', '{"parameters":[', '0]}'),
    'quotes in strings': full('"\\"",', '[', '0]'),
  };
  for (const [name, file] of Object.entries(cases))
    assert.throws(() => parseGenesis(file, curve), wrong, name);
  const filled = text.replace('"format"', `${' '.repeat(2 ** 20 - text.length)}"format"`);
  assert.deepEqual(parseGenesis(utf8(filled), curve), parseGenesis(utf8(text), curve));
  const long = text.replace(/"name": "[^"]*"/, `"name": "${'a,[{:'.repeat(100_000)}"`);
  assert.throws(() => parseGenesis(utf8(long), curve), { code: 'GENESIS_INVALID', message: /name/ });
});

test('the test network in the packaging is one', () => {
  const { faucet, validators } = parseGenesis(readFileSync('packaging/networks/testnet.json'), curve);
  assert.equal(validators.length, 4);
  assert.ok(faucet.outputs >= 16);
});

describe('making one', () => {
  const founder = { key: founders[0]!.publicKey, owner: signer('owner').publicKey };

  test('a test network has a faucet, to which its founders are paid unless they say otherwise', () => {
    const made = makeGenesis({ network: 'test', name: NAME, time: START, founders: [founder] }, curve);
    assert.ok(made.faucet.outputs >= 16 && made.faucet.amount > 0n);
    assert.match(fromUtf8(made.faucet.entropy), /public faucet/);
    assert.deepEqual(parse(formatGenesis(made)), made);
  });

  test('a real network starts without coins', () => {
    const plan = { network: 'real', name: NAME, time: START } as const;
    const made = makeGenesis({ ...plan, founders: [{ ...founder, payout: somebody }] }, curve);
    assert.equal(made.faucet.outputs, 0);
    assert.ok(!formatGenesis(made).includes('faucet'));
    assert.deepEqual(parse(formatGenesis(made)), made);
    const rich = { ...plan, founders: [{ ...founder, payout: somebody, tokens: 1n }] };
    assert.throws(() => makeGenesis(rich, curve), { message: /starts without coins/ });
  });
});
