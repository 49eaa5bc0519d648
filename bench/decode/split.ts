/** Bitorch split over three processes: this one is the client with the boundary, three children run the blocks. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createLog } from '#base';
import { SigningKey } from '#crypto';
import { type Boundary, ClientSession, type Observer, planSession, type StageOffer } from '#execution';
import { Host, type PeerAddress } from '#network';
import { AnswerRecord } from '#verification';
import { loadBoundary, openModel } from '../../test/support/load-model.ts';
import { type Engine, type Setup, serve } from './engine.ts';
import { MANIFESTS, type StageSetup } from './stage.ts';
import { PIN } from './workload.ts';

const STAGES = 3;

const silent: Observer = {
  sent: () => undefined,
  received: () => undefined,
  evidence: () => undefined,
};

serve(async (setup) => {
  const model = await openModel(setup.gguf);
  const { layers, hidden } = model.description.architecture;
  // Before this process keeps to its cores: a child may use those that its parent could.
  const stages = await Promise.all(Array.from({ length: STAGES }, (_, i) => startStage(setup, i, layers)));
  const route = stages.map(({ offer }) => offer);
  for (const [i, { child }] of stages.entries()) if (i > 0) child.send(route[i - 1]!);
  const boundary = await loadBoundary(model, { threads: setup.threads, pin: PIN });
  await model.close();
  const host = await Host.start({ key: SigningKey.generate() }, { log: createLog('silent') });
  const open = async (manifest: Uint8Array, observed: boolean) => {
    const plan = planSession(manifest, route);
    const observer = observed ? new AnswerRecord(plan) : silent;
    const session = new ClientSession({ plan, hidden }, { host, observer });
    await session.open(AbortSignal.timeout(20_000));
    // A stage ends a session without a first frame, and the other engines may have their turn before it.
    await session.forward(0, boundary.embed([0]));
    return splitEngine(session, boundary, hidden);
  };
  return {
    split: await open(MANIFESTS.receipts, true),
    'split without receipts': await open(MANIFESTS.silent, false),
  };
});

async function startStage(
  { gguf, threads }: Setup,
  index: number,
  layers: number,
): Promise<{ offer: StageOffer; child: ChildProcess }> {
  const [first, end] = [index, index + 1].map((n) => Math.round((n * layers) / STAGES)) as [number, number];
  const child = fork(new URL('./stage.ts', import.meta.url));
  child.once('exit', () => process.exit(1));
  child.send({ gguf, first, end, threads } satisfies StageSetup);
  const [address] = (await once(child, 'message')) as [PeerAddress];
  return { offer: { ...address, name: `stage ${index + 1}`, first, end, reachable: true }, child };
}

function splitEngine(session: ClientSession, boundary: Boundary, hidden: number): Engine {
  let logits: Float32Array | undefined;
  return {
    async prefill(tokens) {
      const states = await session.forward(0, boundary.embed(tokens));
      await boundary.logits(states.subarray(states.length - hidden));
    },
    async step(position, token) {
      logits = await boundary.logits(await session.forward(position, boundary.embed([token])), logits);
    },
  };
}
