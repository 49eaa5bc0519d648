/**
 * docs/protocol/arithmetic.md a second time: plain JavaScript, one number after the other, nothing shared with the
 * kernels but the elementary functions. Slow; for tiny models.
 */
import { ropeFrequencies, writeRopeRow } from '../../src/execution/arithmetic/rope.ts';
import type { BlockRole, BoundaryRole } from '../../src/execution/families/index.ts';
import { placeOf } from '../../src/execution/families/llama/tensors.ts';
import type { Architecture, TensorInfo } from '../../src/formats/index.ts';
import { type Matrix, matrixOf, vectorOf } from './arithmetic-weights.ts';

const f = Math.fround;
const SMALLEST = 2 ** -100;

/** To the nearest integer, half to even. */
export function roundEven(x: number): number {
  const low = Math.floor(x);
  const rest = x - low;
  if (rest !== 0.5) return rest < 0.5 ? low : low + 1;
  return low % 2 === 0 ? low : low + 1;
}

/** Integers of at most `levels` and the scale that turns them back. */
function quantise(x: ArrayLike<number>, levels: number): { q: number[]; scale: number; largest: number } {
  const largest = Math.max(...Array.from(x, Math.abs));
  if (largest < SMALLEST) return { q: Array.from(x, () => 0), scale: 0, largest };
  const inverse = f(levels / largest);
  return { q: Array.from(x, (v) => roundEven(f(v * inverse))), scale: f(largest / levels), largest };
}

/** Matrix times a row of floats. */
export function multiply(matrix: Matrix, x: Float32Array): Float32Array {
  const blocks = Array.from({ length: x.length / 32 }, (_, b) =>
    quantise(x.subarray(32 * b, 32 * b + 32), 127),
  );
  return Float32Array.from(matrix, (row) => {
    let sum = 0;
    row.forEach(({ q, d, m }, b) => {
      const block = blocks[b]!;
      const dx = f(block.scale * 2 ** 64);
      const dot = block.q.reduce((total, v, i) => total + v * q[i]!, 0);
      let term = f(dot * f(f(d * 2 ** -112) * dx));
      if (m !== undefined) {
        const total = block.q.reduce((a, v) => a + v, 0);
        term = f(term + f(f(m * 2 ** -112) * f(dx * total)));
      }
      sum = f(sum + term);
    });
    return f(sum * 2 ** 48);
  });
}

function normalise(x: Float32Array, weight: Float32Array, eps: number): Float32Array {
  const lanes = new Float32Array(16);
  x.forEach((v, i) => {
    lanes[i % 16] = lanes[i % 16]! + f(v * v);
  });
  const fold = (i: number) => f(f(lanes[i]! + lanes[i + 4]!) + f(lanes[i + 8]! + lanes[i + 12]!));
  const squares = f(f(fold(0) + fold(2)) + f(fold(1) + fold(3)));
  const scale = f(1 / f(Math.sqrt(f(f(squares / x.length) + f(eps)))));
  return x.map((v, i) => f(f(v * scale) * weight[i]!));
}

const [LOG2E, LN2_HIGH, LN2_LOW] = [f(1.44269502), f(0.693359375), f(-2.1219444e-4)];
const POLYNOMIAL = [
  1.98756915e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1,
].map(f);

export function exp(value: number): number {
  const x = Math.max(value, -64);
  const n = roundEven(f(x * LOG2E));
  const r = f(f(x - f(n * LN2_HIGH)) - f(n * LN2_LOW));
  const p = POLYNOMIAL.reduce((sum, c) => f(f(sum * r) + c));
  return f(f(f(f(f(p * r) * r) + r) + 1) * 2 ** n);
}

function rotate(head: Float32Array, position: number, a: Architecture): Float32Array {
  const cos = new Float32Array(a.headDim);
  const sin = new Float32Array(a.headDim);
  writeRopeRow(ropeFrequencies(a), position, cos, sin, 0);
  return head.map((v, i) => f(f(v * cos[i]!) + f(head[i ^ 1]! * sin[i]!)));
}

/** Walsh–Hadamard transform of each block of the largest power of two that divides the head. */
function spread(head: Float32Array): Float32Array {
  const length = head.length & -head.length;
  for (let h = 1; h < length; h *= 2) {
    for (let i = 0; i < head.length; i++) {
      if (i & h) continue;
      const [a, b] = [head[i]!, head[i + h]!];
      head[i] = a + b;
      head[i + h] = a - b;
    }
  }
  return head;
}

interface Remembered {
  key: { q: number[]; scale: number };
  value: { q: number[]; scale: number };
}

function attend(query: Float32Array, cache: Remembered[], headDim: number): Float32Array {
  const length = headDim & -headDim;
  const quantised = quantise(query, 8191);
  const queryScale = f(quantised.scale * f(f(1 / Math.sqrt(headDim)) / length));
  const scores = cache.map(({ key }) => {
    const dot = quantised.q.reduce((sum, v, i) => sum + v * key.q[i]!, 0);
    return f(f(dot) * f(key.scale * queryScale));
  });
  const highest = Math.max(...scores);
  const exps = scores.map((s) => exp(f(s - highest)));
  const lanes = new Float32Array(8);
  exps.forEach((e, i) => {
    lanes[i % 8] = lanes[i % 8]! + e;
  });
  const fold = (i: number) => f(lanes[i]! + lanes[i + 4]!);
  const sum = f(f(fold(0) + fold(2)) + f(fold(1) + fold(3)));
  const weights = exps.map((e, i) => f(e * cache[i]!.value.scale));
  const top = Math.max(...weights);
  const inverse = top >= SMALLEST ? f(16383 / top) : 0;
  const planes = weights.map((w) => roundEven(f(w * inverse)));
  const scale = f(f(top / 16383) / sum);
  return Float32Array.from({ length: headDim }, (_, d) => {
    let high = 0;
    let low = 0;
    cache.forEach(({ value }, i) => {
      high += value.q[d]! * (planes[i]! >> 7);
      low += value.q[d]! * (planes[i]! & 127);
    });
    return f(f(f(f(high) * 128) + f(low)) * scale);
  });
}

/** One block with the caches of one session. */
export class ReferenceBlock {
  readonly #a: Architecture;
  readonly #matrices = new Map<string, Matrix>();
  readonly #norms = new Map<string, Float32Array>();
  readonly #caches: Remembered[][];

  constructor(a: Architecture, tensors: TensorInfo[], bytesOf: (tensor: TensorInfo) => Uint8Array) {
    this.#a = a;
    this.#caches = Array.from({ length: a.kvHeads }, () => []);
    for (const tensor of tensors) {
      const role = placeOf(tensor.name)!.role;
      if (tensor.shape.length === 1) this.#norms.set(role, vectorOf(tensor, bytesOf(tensor)));
      else this.#matrices.set(role, matrixOf(tensor, bytesOf(tensor), a.headDim));
    }
  }

  /** The hidden state of the next position. */
  forward(x: Float32Array): Float32Array {
    const { heads, kvHeads, headDim, normEps } = this.#a;
    const project = (role: BlockRole, input: Float32Array) => multiply(this.#matrices.get(role)!, input);
    const normed = normalise(x, this.#norms.get('attnNorm')!, normEps);
    const [q, k, v] = (['q', 'k', 'v'] as const).map((role) => project(role, normed)) as [
      Float32Array,
      Float32Array,
      Float32Array,
    ];
    const position = this.#caches[0]!.length;
    const head = (all: Float32Array, i: number) => all.slice(i * headDim, (i + 1) * headDim);
    this.#caches.forEach((cache, i) => {
      const key = quantise(spread(rotate(head(k, i), position, this.#a)), 127);
      cache.push({ key, value: quantise(head(v, i), 127) });
    });
    const attended = new Float32Array(heads * headDim);
    for (let i = 0; i < heads; i++) {
      const query = spread(rotate(head(q, i), position, this.#a));
      const cache = this.#caches[Math.floor(i / (heads / kvHeads))]!;
      attended.set(attend(query, cache, headDim), i * headDim);
    }
    const out = project('out', attended);
    const middle = x.map((value, i) => value + out[i]!);
    const inner = normalise(middle, this.#norms.get('ffnNorm')!, normEps);
    const up = project('up', inner);
    const gated = project('gate', inner).map((g, i) => f(f(g / f(1 + exp(Math.min(-g, 87)))) * up[i]!));
    const down = project('down', gated);
    return middle.map((value, i) => value + down[i]!);
  }
}

/** Logits of one hidden state. */
export function referenceLogits(
  a: Architecture,
  tensors: TensorInfo[],
  bytesOf: (tensor: TensorInfo) => Uint8Array,
  x: Float32Array,
): Float32Array {
  const of = (role: BoundaryRole) => tensors.find(({ name }) => placeOf(name)!.role === role);
  const head = of('head') ?? of('embedding')!;
  const norm = of('norm')!;
  const normed = normalise(x, vectorOf(norm, bytesOf(norm)), a.normEps);
  return multiply(matrixOf(head, bytesOf(head), a.headDim), normed);
}
