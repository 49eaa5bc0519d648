/** What the owner of a node goes on doing while strangers are about. */
import { messageOf } from '#base';
import type { NodeClient } from './api.ts';
import { pause } from './scene.ts';

/** Nobody waits for ever: so many tries at one chat or payment, and so long for an audit or finality. */
const TRIES = 3;
const PATIENCE_MS = 120_000;

export interface HonestWork {
  chats: number;
  audited: number;
  payments: number;
  final: number;
  /** What had to be tried again, which is no failure. */
  readonly again: string[];
  /** What did not come to its end. */
  readonly failures: string[];
}

/** Chats and pays until the signal aborts, then sees to the end what it has begun. */
export async function workHonestly(you: NodeClient, signal: AbortSignal): Promise<HonestWork> {
  const work: HonestWork = { chats: 0, audited: 0, payments: 0, final: 0, again: [], failures: [] };
  const persistently = async (what: string, step: () => Promise<void>) => {
    for (let tries = 1; ; tries++) {
      try {
        return await step();
      } catch (error) {
        if (tries === TRIES) {
          work.failures.push(`${what}: ${messageOf(error)}`);
          return;
        }
        work.again.push(`${what}: ${messageOf(error)}`);
        await pause(1_000);
      }
    }
  };
  const chats = async () => {
    while (!signal.aborted) {
      work.chats++;
      await persistently(`chat ${work.chats}`, async () => {
        const { choices, bitorch } = await you.chat(`What is ${work.chats} plus one?`);
        if (!choices[0]?.message.content) throw new Error('the answer is empty');
        const audit = await decided(() => you.audit(bitorch.answerId));
        if (audit.state !== 'passed') throw new Error(`audit ${audit.state}: ${audit.summary}`);
        work.audited++;
      });
      await pause(4_000, signal);
    }
  };
  const payments = async () => {
    const { address } = await you.wallet();
    while (!signal.aborted) {
      work.payments++;
      await persistently(`payment ${work.payments}`, async () => {
        const { id, outcome, code } = await you.pay(address!, '1000000000');
        if (outcome === 'refused') throw new Error(`refused: ${code}`);
        await until(async () =>
          (await you.history()).some((entry) => entry.id === id && entry.state === 'final'),
        );
        work.final++;
      });
      await pause(5_000, signal);
    }
  };
  await Promise.all([chats(), payments()]);
  return work;
}

async function decided(ask: () => Promise<{ state: string; summary: string }>) {
  let audit = { state: 'pending', summary: '' };
  await until(async () => {
    audit = await ask();
    return audit.state !== 'pending';
  });
  return audit;
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error('it did not come in time');
    await pause(300);
  }
}
