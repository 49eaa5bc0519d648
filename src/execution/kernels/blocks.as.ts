// Runs the blocks of a model on the hidden states in x (rows × hidden f32), in place (arithmetic.md, "A block"). Shapes of all
// buffers are listed in parameters.ts.
import { FORMAT4, FORMAT8, RECORD4_BYTES, RECORD8_BYTES, normalise, quantise, quantiseRow } from './activation.as';
import { gated, scores, softmax, values } from './attention.as';
import {
  cacheBytes, keyScalesOf, keySumsOf, quantiseQuery, remember, rotate, spread, valueScalesOf, valuesOf,
} from './head.as';
import * as P from './parameters.as';
import { multiply } from './matrix.as';
import { finish, from, pass, phase, take, to } from './threads.as';

/**
 * Byte offsets of the matrices in a block table entry. The entry starts with the addresses of attnNorm and ffnNorm (u32 each);
 * each matrix has (address of its segment table, number of segments, record formats of its input), i32 each.
 */
const QKV: usize = 8;
const OUT: usize = 20;
const GATE: usize = 32;
const UP: usize = 44;
const DOWN: usize = 56;

/** Up to this many rows, packed weights are multiplied without unpacking, in many streams over the whole matrix. */
const FEW: i32 = 16;
const SIZE_OF_GROUP4: i32 = 4;

@inline function word(name: usize): usize { return <usize>load<u32>(name); }
@inline function own(name: usize, thread: i32): usize { return word(name) + <usize>thread * word(P.PRIVATE_BYTES); }

@inline function slotOf(row: i32): usize { return <usize>load<u32>(word(P.ROW_TABLE) + <usize>row * P.ROW_BYTES); }
@inline function capacityOf(row: i32): usize { return <usize>load<u32>(word(P.ROW_TABLE) + <usize>row * P.ROW_BYTES, 4); }
@inline function positionOf(row: i32): i32 { return load<i32>(word(P.ROW_TABLE) + <usize>row * P.ROW_BYTES, 8); }

/**
 * Multiplies all rows by groups [begin, end) of a matrix of `block`. A group is 4 tiles, that is 32 matrix rows.
 *
 * input4, input8: rows × columns / 32 records; out: rows × (end - begin) × 32 f32, `outStride` bytes apart, the first of them
 * for group `begin`.
 */
function project(
  block: usize, matrix: usize, input4: usize, input8: usize, columns: i32, out: usize, outStride: usize, begin: i32, end: i32, thread: i32,
): void {
  let segment = <usize>load<u32>(block + matrix), segments = load<i32>(block + matrix, 4), first = 0;
  const blocks = columns >> 5, rows = load<i32>(P.ROWS);
  for (; segments > 0; segments--, segment += P.SEGMENT_BYTES) {
    const groups = load<i32>(segment, 8) / SIZE_OF_GROUP4, a = max(begin, first), b = min(end, first + groups);
    if (a < b) {
      const format = load<i32>(segment, 4);
      const x = format == FORMAT4 ? input4 : input8;
      const stride = <usize>blocks * (format == FORMAT4 ? RECORD4_BYTES : RECORD8_BYTES);
      const tile = (a - first) * SIZE_OF_GROUP4, tiles = (b - a) * SIZE_OF_GROUP4;
      multiply(
        format, <usize>load<u32>(segment), tile, tiles, blocks, x, stride, out + (<usize>(a - begin) << 7), outStride, rows,
        own(P.ACCUMULATORS, thread), own(P.UNPACKED, thread), rows > FEW,
      );
    }
    first += groups;
  }
}

/** Normalises row `t` of x and quantises it. weight: hidden f32; to4, to8: hidden / 32 records. */
function normaliseRow(t: i32, weight: usize, formats: i32, to4: usize, to8: usize, thread: i32): void {
  const hidden = word(P.HIDDEN), normed = own(P.NORMED, thread);
  normalise(word(P.X) + <usize>t * (hidden << 2), weight, hidden, load<f32>(P.EPS), normed);
  quantiseRow(normed, hidden << 2, to4, to8, formats);
}

/**
 * Normalises all rows into input4 and input8, which the threads share. A single row is skipped: each thread normalises it into
 * its private buffer, which saves a phase.
 */
function prepareMany(weight: usize, formats: i32, thread: i32): bool {
  const rows = load<i32>(P.ROWS), blocks = word(P.HIDDEN) >> 5;
  if (rows == 1) return true;
  phase(rows);
  while (take()) {
    for (let t = from; t < to; t++) {
      const to4 = word(P.INPUT4) + <usize>t * blocks * RECORD4_BYTES, to8 = word(P.INPUT8) + <usize>t * blocks * RECORD8_BYTES;
      normaliseRow(t, weight, formats, to4, to8, thread);
    }
    finish();
  }
  return pass();
}

/** Normalises a single row into this thread's private buffer. Called once per phase, after the thread has taken units. */
function prepareOne(weight: usize, formats: i32, thread: i32): void {
  if (load<i32>(P.ROWS) == 1) normaliseRow(0, weight, formats, own(P.OWN_INPUT4, thread), own(P.OWN_INPUT8, thread), thread);
}

@inline function input4(thread: i32): usize { return load<i32>(P.ROWS) == 1 ? own(P.OWN_INPUT4, thread) : word(P.INPUT4); }
@inline function input8(thread: i32): usize { return load<i32>(P.ROWS) == 1 ? own(P.OWN_INPUT8, thread) : word(P.INPUT8); }

@inline function qkvBytes(): usize { return (word(P.HEADS) + 2 * word(P.KV_HEADS)) * word(P.HEAD_DIM) << 2; }

/** Address of the head cache of block `layer` and KV head `kvHead` in the row's slot. */
@inline function cacheOf(row: i32, layer: i32, kvHead: i32): usize {
  const index = <usize>(layer * load<i32>(P.KV_HEADS) + kvHead);
  return slotOf(row) + index * cacheBytes(capacityOf(row), word(P.HEAD_DIM));
}

/** Applies RoPE and the Hadamard transform to a head of a row (queries first, then keys). Returns headDim f32, private. */
function rotated(row: i32, head: i32, thread: i32): usize {
  const bytes = word(P.HEAD_DIM) << 2, out = own(P.HEAD, thread), at = <usize>row * bytes;
  rotate(word(P.QKV) + <usize>row * qkvBytes() + <usize>head * bytes, out, bytes, word(P.COS) + at, word(P.SIN) + at);
  spread(out, bytes, word(P.HADAMARD) << 2);
  return out;
}

/** Writes the key and value of a row's KV head into its head cache. */
function rememberHead(row: i32, layer: i32, kvHead: i32, thread: i32): void {
  const heads = load<i32>(P.HEADS), kvHeads = load<i32>(P.KV_HEADS), dim = word(P.HEAD_DIM);
  const value = word(P.QKV) + <usize>row * qkvBytes() + <usize>(heads + kvHeads + kvHead) * (dim << 2);
  remember(rotated(row, heads + kvHead, thread), value, cacheOf(row, layer, kvHead), capacityOf(row), dim, positionOf(row));
}

/** Table entry of a group of 1–4 query heads that share a KV head: (first head, number of heads, KV head), i32 each. */
@inline function groupAt(group: i32): usize { return word(P.GROUP_TABLE) + <usize>group * P.GROUP_BYTES; }

/** Scores of a group for key blocks [begin, end) of 8 positions. out: heads × capacity f32, `stride` bytes apart. */
function scoreGroup(row: i32, layer: i32, group: i32, begin: i32, end: i32, out: usize, stride: usize, thread: i32): void {
  const entry = groupAt(group), first = load<i32>(entry), heads = load<i32>(entry, 4), dim = word(P.HEAD_DIM);
  const capacity = capacityOf(row), cache = cacheOf(row, layer, load<i32>(entry, 8));
  const query = own(P.QUERY, thread), queryBytes = 2 * dim + 16;
  for (let h = 0; h < heads; h++) {
    quantiseQuery(rotated(row, first + h, thread), dim, load<f32>(P.SCORE_SCALE), query + <usize>h * queryBytes);
  }
  scores(
    heads, query, queryBytes, cache, keyScalesOf(cache, capacity, dim), keySumsOf(cache, capacity, dim), dim,
    <usize>begin, <usize>end, out, stride,
  );
}

/**
 * Softmax of a group's scores, then blocks [begin, end) of 32 dims of its output, quantised into attended4 and attended8.
 *
 * score: heads × capacity f32, `stride` bytes apart.
 */
function attend(row: i32, layer: i32, group: i32, begin: i32, end: i32, score: usize, stride: usize, formats: i32, thread: i32): void {
  const entry = groupAt(group), first = <usize>load<i32>(entry), heads = load<i32>(entry, 4), dim = word(P.HEAD_DIM);
  const capacity = capacityOf(row), cache = cacheOf(row, layer, load<i32>(entry, 8)), n = positionOf(row) + 1;
  // private: 4 × (two planes of `stride` / 4 bytes), 4 f32 scales, work of `stride` bytes, 4 × 32 f32 output
  const plane = stride >> 2, planes = own(P.SOFTMAX, thread), scales = planes + 8 * plane, work = scales + 32;
  const out = work + stride;
  for (let h: usize = 0; h < <usize>heads; h++) {
    const high = planes + 2 * h * plane;
    store<f32>(scales + (h << 2), softmax(score + h * stride, valueScalesOf(cache, capacity, dim), n, high, high + plane, work));
  }
  const blocks = word(P.HEADS) * dim >> 5, at = <usize>row * blocks;
  for (let b = <usize>begin; b < <usize>end; b++) {
    const v = valuesOf(cache, capacity, dim) + b * (capacity << 5);
    values(heads, planes, 2 * plane, plane, v, capacity, <usize>(n + 7) & ~7, scales, out, 128);
    for (let h: usize = 0; h < <usize>heads; h++) {
      const record = at + (first + h) * (dim >> 5) + b;
      quantise(out + (h << 7), word(P.ATTENDED4) + record * RECORD4_BYTES, word(P.ATTENDED8) + record * RECORD8_BYTES, formats);
    }
  }
}

/** Projects the normalised rows to qkv. Like all phases below: false when the job was closed before this thread finished. */
function projectHeads(block: usize, thread: i32): bool {
  const weight = <usize>load<u32>(block), formats = load<i32>(block + QKV, 8), bytes = qkvBytes();
  if (!prepareMany(weight, formats, thread)) return false;
  phase(<i32>(bytes >> 7));
  for (let first = true; take(); first = false) {
    if (first) prepareOne(weight, formats, thread);
    project(
      block, QKV, input4(thread), input8(thread), load<i32>(P.HIDDEN), word(P.QKV) + (<usize>from << 7), bytes, from, to, thread,
    );
    finish();
  }
  return pass();
}

/** Attention of a single row: threads divide the key blocks of all groups, then the output blocks of all groups. */
function attentionOfOne(layer: i32, formats: i32, thread: i32): bool {
  const groups = load<i32>(P.GROUPS), keyBlocks = (positionOf(0) >> 3) + 1, stride = word(P.SCORE_STRIDE);
  phase(groups * keyBlocks);
  while (take()) {
    for (let group = 0; group < groups; group++) {
      const a = max(0, from - group * keyBlocks), b = min(keyBlocks, to - group * keyBlocks);
      if (a >= b) continue;
      // the thread that scores the newest key writes it first; groups that share a KV head write the same bytes
      if (b == keyBlocks) rememberHead(0, layer, load<i32>(groupAt(group), 8), thread);
      scoreGroup(0, layer, group, a, b, word(P.SCORES) + <usize>group * 4 * stride, stride, thread);
    }
    finish();
  }
  if (!pass()) return false;
  const outputs = load<i32>(P.HEAD_DIM) >> 5;
  phase(groups * outputs);
  while (take()) {
    for (let group = 0; group < groups; group++) {
      const a = max(0, from - group * outputs), b = min(outputs, to - group * outputs);
      if (a < b) attend(0, layer, group, a, b, word(P.SCORES) + <usize>group * 4 * stride, stride, formats, thread);
    }
    finish();
  }
  return pass();
}

/** Attention of many rows: threads divide rows × groups. */
function attentionOfMany(layer: i32, formats: i32, thread: i32): bool {
  const rows = load<i32>(P.ROWS), kvHeads = load<i32>(P.KV_HEADS), groups = load<i32>(P.GROUPS);
  phase(rows * kvHeads);
  while (take()) {
    for (let i = from; i < to; i++) rememberHead(i / kvHeads, layer, i % kvHeads, thread);
    finish();
  }
  if (!pass()) return false;
  const stride = word(P.SCORE_STRIDE), score = own(P.ATTENTION, thread);
  phase(rows * groups);
  while (take()) {
    for (let i = from; i < to; i++) {
      const row = i / groups, group = i % groups;
      scoreGroup(row, layer, group, 0, (positionOf(row) >> 3) + 1, score, stride, thread);
      attend(row, layer, group, 0, load<i32>(P.HEAD_DIM) >> 5, score, stride, formats, thread);
    }
    finish();
  }
  return pass();
}

/** x += matrix · records. records4, records8: rows × columns / 32 records. */
function addProjection(block: usize, matrix: usize, records4: usize, records8: usize, columns: i32, thread: i32): bool {
  const hidden = word(P.HIDDEN), rowBytes = hidden << 2;
  phase(<i32>(hidden >> 5));
  while (take()) {
    const out = word(P.OUT) + (<usize>from << 7), x = word(P.X) + (<usize>from << 7), bytes = <usize>(to - from) << 7;
    project(block, matrix, records4, records8, columns, out, rowBytes, from, to, thread);
    for (let t: usize = 0; t < word(P.ROWS) * rowBytes; t += rowBytes) {
      for (let i = t; i < t + bytes; i += 16) v128.store(x + i, f32x4.add(v128.load(x + i), v128.load(out + i)));
    }
    finish();
  }
  return pass();
}

/** inner = silu(gate) · up, quantised. Many rows are processed in steps small enough to keep gate and up in L1. */
function feedForward(block: usize, thread: i32): bool {
  const weight = <usize>load<u32>(block, 4), formats = load<i32>(block + GATE, 8) | load<i32>(block + UP, 8);
  if (!prepareMany(weight, formats, thread)) return false;
  const groups = load<i32>(P.FFN) >> 5;
  phase(groups);
  for (let first = true; take(); first = false) {
    if (first) prepareOne(weight, formats, thread);
    const most = load<i32>(P.ROWS) > FEW ? 3 : groups;
    for (let a = from; a < to; a += most) gateAndUp(block, a, min(to, a + most), thread);
    finish();
  }
  return pass();
}

/** Computes groups [a, b) of 32 inner values of all rows. */
function gateAndUp(block: usize, a: i32, b: i32, thread: i32): void {
  const gate = own(P.GATE, thread), up = own(P.UP, thread), normed = own(P.NORMED, thread), hidden = load<i32>(P.HIDDEN);
  const bytes = <usize>(b - a) << 7, formats = load<i32>(block + DOWN, 8);
  project(block, GATE, input4(thread), input8(thread), hidden, gate, bytes, a, b, thread);
  project(block, UP, input4(thread), input8(thread), hidden, up, bytes, a, b, thread);
  for (let t = 0; t < load<i32>(P.ROWS); t++) {
    const at = <usize>t * bytes, record = <usize>(t * (load<i32>(P.FFN) >> 5) + a);
    gated(gate + at, up + at, normed, bytes);
    quantiseRow(normed, bytes, word(P.INNER4) + record * RECORD4_BYTES, word(P.INNER8) + record * RECORD8_BYTES, formats);
  }
}

/** Runs one block on the rows in x. False: other threads have finished the job. */
function runBlock(layer: i32, thread: i32): bool {
  const block = word(P.BLOCK_TABLE) + <usize>layer * P.BLOCK_BYTES, formats = load<i32>(block + OUT, 8);
  if (!projectHeads(block, thread)) return false;
  if (!(load<i32>(P.ROWS) == 1 ? attentionOfOne(layer, formats, thread) : attentionOfMany(layer, formats, thread))) return false;
  if (!addProjection(block, OUT, word(P.ATTENDED4), word(P.ATTENDED8), load<i32>(P.HEADS) * load<i32>(P.HEAD_DIM), thread)) return false;
  if (!feedForward(block, thread)) return false;
  return addProjection(block, DOWN, word(P.INNER4), word(P.INNER8), load<i32>(P.FFN), thread);
}

/** Runs blocks [FIRST_BLOCK, END_BLOCK) on the rows in x. */
export function runBlocks(thread: i32): void {
  const last = load<i32>(P.END_BLOCK);
  for (let layer = load<i32>(P.FIRST_BLOCK); layer < last && runBlock(layer, thread); layer++) {}
}

/** Tiles of the head matrix per unit of work. */
const HEAD_TILES: i32 = 16;

/** Final norm and head matrix: x (rows × hidden f32) to logits (rows × vocab f32, LOGIT_STRIDE bytes apart). */
export function runHead(thread: i32): void {
  const segment = word(P.HEAD_SEGMENT), format = load<i32>(segment, 4), tiles = load<i32>(segment, 8), weight = word(P.HEAD_NORM);
  if (!prepareMany(weight, format, thread)) return;
  const blocks = load<i32>(P.HIDDEN) >> 5, xStride = <usize>blocks * (format == FORMAT4 ? RECORD4_BYTES : RECORD8_BYTES);
  phase((tiles + HEAD_TILES - 1) / HEAD_TILES);
  for (let first = true; take(); first = false) {
    if (first) prepareOne(weight, format, thread);
    const a = from * HEAD_TILES, b = min(tiles, to * HEAD_TILES);
    multiply(
      format, <usize>load<u32>(segment), a, b - a, blocks, format == FORMAT4 ? input4(thread) : input8(thread), xStride,
      word(P.LOGITS) + (<usize>a << 5), word(P.LOGIT_STRIDE), load<i32>(P.ROWS), own(P.ACCUMULATORS, thread), 0, false,
    );
    finish();
  }
  pass();
}
