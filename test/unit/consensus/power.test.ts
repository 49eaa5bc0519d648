import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parametersRecord, putValidator, type Validator } from '#ledger';
import { MemoryStore, Overlay } from '#store';
import { powerOf, updatesBetween } from '../../../src/consensus/application/power.ts';
import { UNTRIED } from '../../../src/ledger/accounts/index.ts';
import { somebody, TEST_PARAMETERS } from '../../support/ledger/chain.ts';

const TORCH = 1_000_000_000n;
const key = (n: number): Uint8Array => new Uint8Array(32).fill(n);
const [a, b, c, d] = [1, 2, 3, 4].map(key) as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
const rules = { founders: [a, b, c], genesisPower: 100, maxValidators: 3 };

/** A state with these bonds, in TORCH. */
function stateOf(bonds: readonly (readonly [Uint8Array, number, Partial<Validator>?])[]): Overlay {
  const view = new Overlay(new MemoryStore());
  parametersRecord.bucket.put(view, null, TEST_PARAMETERS);
  for (const [id, bond, change] of bonds) {
    const tokens = BigInt(bond) * TORCH;
    const record = { owner: id, payout: somebody, commission: 0, ...UNTRIED, tokens, shares: tokens };
    putValidator(view, id, { ...record, ...change });
  }
  return view;
}

const powers = (bonds: Parameters<typeof stateOf>[0], more = {}) =>
  powerOf(stateOf(bonds), { ...rules, ...more }).map(({ key: [first], power }) => [first, power]);

test('founders begin with what they are lent', () => {
  assert.deepEqual(
    powers([
      [a, 0],
      [b, 0],
      [c, 0],
    ]),
    [
      [1, 100],
      [2, 100],
      [3, 100],
    ],
  );
});

test('for every TORCH that is bonded one is taken back, until nothing is lent: the total stays', () => {
  const with4 = { maxValidators: 4 };
  assert.deepEqual(
    powers(
      [
        [a, 0],
        [b, 0],
        [c, 0],
        [d, 30],
      ],
      with4,
    ),
    [
      [1, 90],
      [2, 90],
      [3, 90],
      [4, 30],
    ],
  );
  assert.deepEqual(
    powers(
      [
        [a, 60],
        [b, 0],
        [c, 0],
        [d, 30],
      ],
      with4,
    ),
    [
      [1, 130],
      [2, 70],
      [3, 70],
      [4, 30],
    ],
  );
  assert.deepEqual(
    powers(
      [
        [a, 60],
        [b, 0],
        [c, 0],
        [d, 240],
      ],
      with4,
    ),
    [
      [1, 60],
      [4, 240],
    ],
  );
  assert.deepEqual(
    powers(
      [
        [a, 60],
        [b, 0],
        [c, 0],
        [d, 1_000],
      ],
      with4,
    ),
    [
      [1, 60],
      [4, 1_000],
    ],
  );
});

test('jailed and tombstoned ones have none, and nobody has it in their place', () => {
  const out = [
    [a, 0, { jailedUntil: 9 }],
    [b, 7, { tombstoned: 1 }],
    [c, 0],
  ] as const;
  assert.deepEqual(powers(out), [[3, 100]]);
});

test('those with the most power take part; of equals the lesser key', () => {
  assert.deepEqual(
    powers(
      [
        [a, 0],
        [b, 0],
        [c, 0],
        [d, 100],
      ],
      { maxValidators: 2 },
    ),
    [
      [1, 66],
      [4, 100],
    ],
  );
  assert.deepEqual(
    powers(
      [
        [d, 5],
        [c, 5],
        [b, 5],
      ],
      { founders: [a], genesisPower: 1, maxValidators: 2 },
    ),
    [
      [2, 5],
      [3, 5],
    ],
  );
});

test('a part of a TORCH is no power', () => {
  const dust = [[d, 0, { tokens: TORCH - 1n }]] as const;
  assert.deepEqual(powers(dust, { founders: [a], genesisPower: 1 }), []);
});

test('updates say what is new, what changed and what is gone, by key', () => {
  const before = [
    { key: a, power: 1 },
    { key: b, power: 2 },
    { key: c, power: 3 },
  ];
  const after = [
    { key: b, power: 2 },
    { key: c, power: 4 },
    { key: d, power: 5 },
  ];
  assert.deepEqual(updatesBetween(before, after), [
    { key: a, power: 0 },
    { key: c, power: 4 },
    { key: d, power: 5 },
  ]);
  assert.deepEqual(updatesBetween(after, after), []);
});
