import { availableParallelism, cpus } from 'node:os';
import { type Perplexity, SCORED_TOKENS } from './perplexity.ts';
import type { EngineName, Place, Samples } from './samples.ts';
import { CONTEXTS, PIN, STEPS, WARM_BURSTS, WARM_STEPS } from './workload.ts';

/** Bars of the project, as ratios: llama.cpp's time is 1, and the whole model's speed is. */
const BARS = {
  decode: { 128: 0.9, 900: 0.7 } as Record<number, number>,
  prefillOneThread: 0.8,
  split: 0.88,
  receipts: 0.01,
  perplexity: 0.005,
};

export interface Results {
  readonly samples: Samples;
  readonly threads: readonly number[];
  readonly perplexity: Perplexity;
  readonly peerVersion: string;
}

/** The results as markdown, machine and method included. */
export function report(results: Results): string {
  return [
    machine(results),
    method(results),
    'Beside llama.cpp:',
    besideLlama(results),
    'Split over three processes on loopback, beside the whole model in one process:',
    splitBesideWhole(results),
    'Receipts: hashes of every row at both ends of each stage, one signature per stage and 32 positions.',
    receipts(results),
    perplexity(results),
  ].join('\n\n');
}

function machine({ peerVersion }: Results): string {
  const [cpu] = cpus();
  const processor = `${cpu!.model.trim()}, ${availableParallelism()} cores`;
  const date = new Date().toISOString().slice(0, 10);
  return `${processor}, ${process.platform}, Node ${process.version}, node-llama-cpp ${peerVersion}, ${date}.`;
}

const method = ({ samples, threads }: Results) => {
  const [place] = places(threads, 'decode');
  const count = samples.of(place!, 'whole').length;
  return (
    `After ${WARM_BURSTS * STEPS} steps of every engine that are not timed: median (best) of ${count} bursts of ` +
    `${STEPS} steps for decoding, after ${WARM_STEPS} more, and of ` +
    `${samples.of({ ...place!, kind: 'prefill' }, 'whole').length} prompts for prefill. Ratios are medians of the ` +
    'ratios of neighbours in time: the engines take turns. A step is embedding, all blocks, norm and head, ' +
    'its logits in memory, without sampling; prefill gives the logits of the last token. Tokens are given, not sampled.' +
    (PIN === undefined
      ? ''
      : ' Threads of Bitorch, whole and split, each keep a core (`bitorch start --pin`).')
  );
};

function besideLlama({ samples, threads }: Results): string {
  const rows = [
    ...places(threads, 'decode').map((place) => {
      const ratio = samples.ratio([place], 'whole', 'llama.cpp');
      const bar = BARS.decode[place.length]!;
      return [...both(samples, place, 'whole', 'llama.cpp'), ratio.toFixed(2), `≤ ${bar}`, met(ratio <= bar)];
    }),
    ...places(threads, 'prefill').map((place) => {
      const ratio = samples.ratio([place], 'llama.cpp', 'whole');
      const verdict =
        place.threads === 1 ? [`≥ ${BARS.prefillOneThread}`, met(ratio >= BARS.prefillOneThread)] : ['', ''];
      return [...both(samples, place, 'whole', 'llama.cpp'), ratio.toFixed(2), ...verdict];
    }),
  ];
  return table(['', 'Bitorch', 'llama.cpp', 'ratio', 'bar', ''], rows);
}

function splitBesideWhole({ samples, threads }: Results): string {
  const rows = (['decode', 'prefill'] as const).flatMap((kind) =>
    places(threads, kind).map((place) => {
      const speed = samples.ratio([place], 'whole', 'split');
      const verdict = kind === 'decode' ? [`≥ ${percent(BARS.split)}`, met(speed >= BARS.split)] : ['', ''];
      return [...both(samples, place, 'split', 'whole'), percent(speed), ...verdict];
    }),
  );
  return table(['', 'split', 'whole', 'speed of whole', 'bar', ''], rows);
}

function receipts({ samples, threads }: Results): string {
  const measured = places(threads, 'decode');
  const rows = measured.map((place) => {
    const cost = samples.ratio([place], 'split', 'split without receipts') - 1;
    return [...both(samples, place, 'split', 'split without receipts'), signed(cost, 1)];
  });
  const cost = samples.ratio(measured, 'split', 'split without receipts') - 1;
  const bar = `(bar: at most ${percent(BARS.receipts)}: ${met(cost <= BARS.receipts)})`;
  const overall = `Median over all bursts: ${signed(cost, 1)} ${bar}.`;
  return `${table(['', 'with receipts', 'without', 'cost'], rows)}\n\n${overall}`;
}

function perplexity({ perplexity: { ours, peer } }: Results): string {
  const difference = ours / peer - 1;
  const within = `within ${BARS.perplexity * 100} %: ${met(Math.abs(difference) <= BARS.perplexity)}`;
  return (
    `Perplexity over ${SCORED_TOKENS.toLocaleString('en')} tokens of English prose (bench/decode/text.txt): ` +
    `${ours.toFixed(3)}, llama.cpp ${peer.toFixed(3)}: ${signed(difference, 2)} (bar: ${within}).`
  );
}

const places = (threads: readonly number[], kind: Place['kind']): Place[] =>
  threads.flatMap((count) => CONTEXTS.map((length) => ({ threads: count, kind, length })));

/** Name of the place, then median and best of both engines in the place's unit. */
function both(samples: Samples, place: Place, ...engines: [EngineName, EngineName]): string[] {
  const { threads, kind, length } = place;
  const unit = kind === 'decode' ? 'ms/token' : 'tok/s';
  const show = (ms: number) => (kind === 'decode' ? ms.toFixed(2) : ((length / ms) * 1000).toFixed(0));
  const cells = engines.map(
    (engine) => `${show(samples.median(place, engine))} (${show(samples.best(place, engine))})`,
  );
  return [
    `${kind} ${kind === 'decode' ? 'at ' : ''}${length}, ${threads} thread${threads > 1 ? 's' : ''}, ${unit}`,
    ...cells,
  ];
}

const signed = (share: number, digits: number) =>
  `${share < 0 ? '−' : '+'}${Math.abs(share * 100).toFixed(digits)} %`;
const percent = (share: number) => `${Math.round(share * 100)} %`;
const met = (yes: boolean) => (yes ? 'met' : 'missed');

function table(head: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, i) => (i === 0 ? '---' : '--:'))), ...rows.map(line)].join('\n');
}
