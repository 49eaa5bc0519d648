import { codeOf } from '#base';
import { Random } from '../attacks/random.ts';
import { chainAttacks } from './chain.ts';
import { type Doubles, signTwice } from './double-signer.ts';
import { httpAttacks } from './http.ts';
import { type Refusals, spendTwice } from './money.ts';
import { networkAttacks } from './network.ts';
import { type Attack, pause, type Scene, type World } from './scene.ts';
import { swarmAttacks } from './swarm.ts';

/** What a crowd of strangers has done. */
export interface Deeds {
  /** By kind, rounds that went to their end and rounds that were cut off. */
  readonly rounds: Record<string, { done: number; cut: number }>;
  /** Why they were cut off, by the code of the error. */
  readonly cuts: Record<string, number>;
  /** What nodes answered to what was handed in. */
  readonly refusals: Record<string, number>;
  readonly doubles: Doubles;
}

export interface CrowdOptions {
  readonly seed: number;
  /** How many kinds of attack go on at once, in a random order without an end. */
  readonly atOnce: number;
  readonly signal: AbortSignal;
  /** One round of each kind, and no more. */
  readonly once?: boolean;
}

/** The kinds of attack that this world has something for. */
export function attacksOn(world: World): Record<string, Attack> {
  return {
    ...networkAttacks,
    ...(world.trackers.length > 0 && swarmAttacks),
    ...(world.apis.length > 0 && httpAttacks),
    ...(world.chain && chainAttacks),
  };
}

/** Hostile peers of every kind until the signal aborts. The seed decides their order and what each of them says. */
export async function crowd(
  world: World,
  { seed, atOnce, signal, once = false }: CrowdOptions,
): Promise<Deeds> {
  const attacks = Object.entries(attacksOn(world));
  const rounds = Object.fromEntries(attacks.map(([name]) => [name, { done: 0, cut: 0 }]));
  const cuts: Record<string, number> = {};
  const refusals: Refusals = new Map();
  const doubles: Doubles = { proposals: 0, votes: 0 };
  const order = new Random(seed);
  let waiting = order.shuffled(attacks);
  const noteCut = (error: unknown) => {
    const code = codeOf(error);
    cuts[code] = (cuts[code] ?? 0) + 1;
  };
  const lane = async () => {
    while (!signal.aborted) {
      if (waiting.length === 0 && !once) waiting = order.shuffled(attacks);
      const next = waiting.pop();
      if (!next) return;
      const [name, attack] = next;
      const scene: Scene = { world, random: new Random(order.below(2 ** 31)), signal };
      await attack(scene).then(
        () => rounds[name]!.done++,
        (error: unknown) => {
          rounds[name]!.cut++;
          noteCut(error);
        },
      );
      await pause(order.between(50, 300), signal);
    }
  };
  /** One that goes on by itself, and begins anew when it is thrown out. */
  const stubborn = async (attack: Attack) => {
    while (!signal.aborted) {
      await attack({ world, random: new Random(order.below(2 ** 31)), signal }).catch(noteCut);
      await pause(2_000, signal);
    }
  };
  await Promise.all([
    ...Array.from({ length: atOnce }, lane),
    ...(world.chain ? [stubborn((scene) => spendTwice(scene, refusals))] : []),
    ...(world.chain ? [stubborn((scene) => signTwice(scene, doubles))] : []),
  ]);
  return { rounds, cuts, refusals: Object.fromEntries(refusals), doubles };
}
