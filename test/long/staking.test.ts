/** The life of a bond, by the commands that a person has, on nodes in processes of their own. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { ChainView, StakeView, WalletView } from '#node';
import { prepareDevnetChain } from '../../src/cli/devnet/prepare-chain.ts';
import { NodeProcess, type Ready } from '../../src/cli/devnet/process.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const PASSWORD = 'play money';
const VALIDATORS = ['one', 'two', 'three', 'four'];
const CLOCKS = {
  unbondingBlocks: 12,
  downtimeBlocks: 12,
  jailBlocks: 15,
  epochBlocks: 100_000,
  leastBond: '10000000000',
};
const PACE = { commit: 150 };

interface Refusal {
  readonly error?: { readonly message: string };
}

test('bond, vote, stay away, jail, unjail, vote again, unbond, and the money is back', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'bitorch-stake-'));
  const running = new Map<string, NodeProcess>();
  t.after(async () => {
    await Promise.all([...running.values()].map((node) => node.stop()));
    await rm(folder, { recursive: true, force: true });
  });
  const genesis = await prepareDevnetChain({
    folder,
    validators: VALIDATORS,
    others: ['you'],
    password: PASSWORD,
  });
  const file = JSON.parse(await readFile(genesis, 'utf8'));
  Object.assign(file.parameters, CLOCKS);
  Object.assign(file.consensus.timeouts, PACE);
  await writeFile(genesis, JSON.stringify(file));
  const password = join(folder, 'password');
  await writeFile(password, `${PASSWORD}\n`);

  const start = (name: string, bootstrap?: string): Promise<Ready> => {
    const roles = name === 'you' ? 'audit' : 'validate';
    const flags = {
      roles,
      genesis,
      ...(bootstrap !== undefined && { bootstrap }),
      walletPasswordFile: password,
      securityAuthorities: 'none',
    };
    const node = new NodeProcess(
      { name, home: join(folder, name), flags },
      { onProgress: () => undefined, onEnd: () => undefined },
    );
    running.set(name, node);
    return node.ready;
  };
  const [first] = VALIDATORS as [string];
  const hub = await start(first);
  const [address] = hub.addresses as [string];
  await Promise.all([...VALIDATORS.slice(1), 'you'].map((name) => start(name, address)));

  /** Runs the program on the newcomer's node to its end: what it printed. */
  const ok = async (...args: string[]): Promise<string> => {
    const child = spawn(process.execPath, [MAIN, ...args, '--home', join(folder, 'you')], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
    const [code] = await once(child, 'close');
    assert.equal(code, 0, `${args.join(' ')}: ${output}`);
    return output;
  };
  const call = async <T>({ url, token }: Ready, path: string, body?: object): Promise<T> => {
    const response = await fetch(`${url}${path}`, {
      method: body ? 'POST' : 'GET',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    });
    return (await response.json()) as T;
  };
  const refused = async (why: RegExp, what: string, body: object = {}): Promise<void> => {
    const request = { password: PASSWORD, ...body };
    const { error } = await call<Refusal>(await you(), `/api/stake/${what}`, request);
    assert.match(error?.message ?? 'it was not refused', why);
  };
  const you = () => running.get('you')!.ready;
  const own = async () => {
    const [stake, { validators }] = await Promise.all([
      call<StakeView>(await you(), '/api/stake'),
      call<ChainView>(await you(), '/api/chain'),
    ]);
    const { signed = 0, active = false, power = '0' } = validators.find(({ self }) => self) ?? {};
    return { ...stake, signed, active, power };
  };
  const until = async (what: string, condition: () => Promise<boolean>) => {
    for (let tries = 0; !(await condition()); tries++) {
      assert.ok(tries < 600, `never ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 150));
    }
  };
  const height = async () => (await call<ChainView>(hub, '/api/chain')).height;
  const spendable = async () =>
    BigInt((await call<WalletView>(await you(), '/api/wallet')).balance?.spendable ?? '0');
  const torch = (n: bigint) => n * 1_000_000_000n;

  await refused(/has no bond: create one/, 'unbond');
  await ok('faucet');
  await until('paid by the faucet', async () => (await spendable()) > torch(99n));
  await refused(/the minimum bond of this network is 10 TORCH/, 'bond', { amount: `${torch(5n)}` });
  const guess = { amount: `${torch(50n)}`, password: 'guessed it?' };
  await refused(/password is wrong/, 'bond', guess);
  await ok('stake', 'bond', '50', '--password-file', password);
  await until('voting, without a role for it', async () => (await own()).signed > 2);
  const bonded = await own();
  assert.deepEqual([bonded.power, bonded.own, bonded.missed], ['50', `${torch(50n)}`, 0]);
  await refused(/is not jailed/, 'unjail');

  await running.get('you')!.stop();
  const seen = async () => {
    const { validators } = await call<ChainView>(hub, '/api/chain');
    return validators.find(({ key }) => key === bonded.validator)!;
  };
  await until('jailed', async () => (await seen()).jailedUntil > 0);
  await until('without power', async () => !(await seen()).active);
  const keys = await ok('validator', 'keys', '--password-file', password);
  assert.match(keys, new RegExp(`^${bonded.validator},[0-9a-f]{64}\n$`));
  await start('you', address);
  assert.match(await ok('validator', 'status'), /jailed until height \d+: then "bitorch stake unjail"/);
  const { jailedUntil } = await own();
  if ((await height()) + 3 < jailedUntil)
    await refused(/jailed until block \d+; the next block is \d+/, 'unjail');
  await until('the end of its jail', async () => (await height()) >= jailedUntil);
  await until(
    'up to date',
    async () => (await call<ChainView>(await you(), '/api/chain')).height >= jailedUntil,
  );
  await refused(/password is wrong/, 'unjail', { password: 'guessed it?' });
  await ok('stake', 'unjail', '--password-file', password);
  await until('voting again', async () => {
    const { active, missed, jailedUntil: jailed } = await own();
    return active && missed === 0 && jailed === 0;
  });
  const freed = await height();
  await until('signing again', async () => {
    const { signed, active } = await own();
    return active && signed > bonded.signed && (await height()) > freed + 3;
  });

  const before = await spendable();
  await refused(/less, or all of it/, 'unbond', { amount: `${torch(51n)}` });
  await ok('stake', 'unbond', '--password-file', password);
  await until('without power', async () => !(await own()).active);
  assert.equal((await own()).own, '0');
  await until('paid back', async () => (await spendable()) > before + torch(49n));
  assert.ok((await spendable()) < before + torch(50n), 'what was lost in jail, and fees, do not come back');
  await refused(/has no bond/, 'unbond');
});
