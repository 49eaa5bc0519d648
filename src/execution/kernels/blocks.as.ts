// The blocks of a model, from hidden states to hidden states, in place (arithmetic.md, "A block").
import { FORMAT4, FORMAT8, RECORD4_BYTES, RECORD8_BYTES, normalise, quantise, quantiseRow } from './activation.as';
import { gated, scores, softmax, values } from './attention.as';
import {
  cacheBytes, keyScalesOf, keySumsOf, quantiseQuery, remember, rotate, spread, valueScalesOf, valuesOf,
} from './head.as';
import * as P from './parameters.as';
import { multiply } from './matrix.as';
import { admit, barrier, renew, share, sharers } from './threads.as';

/** Matrices of a block in its table entry, after the two norms: each (segment table, segments, formats). */
const QKV: usize = 8;
const OUT: usize = 20;
const GATE: usize = 32;
const UP: usize = 44;
const DOWN: usize = 56;

/** Rows up to which packed weights are multiplied as they are: the whole matrix is walked with many streams. */
const FEW: i32 = 16;
const SIZE_OF_GROUP4: i32 = 4;

@inline function word(name: usize): usize { return <usize>load<u32>(name); }
@inline function own(name: usize, thread: i32): usize { return word(name) + <usize>thread * word(P.PRIVATE_BYTES); }

@inline function slotOf(row: i32): usize { return <usize>load<u32>(word(P.ROW_TABLE) + <usize>row * P.ROW_BYTES); }
@inline function capacityOf(row: i32): usize { return <usize>load<u32>(word(P.ROW_TABLE) + <usize>row * P.ROW_BYTES, 4); }
@inline function positionOf(row: i32): i32 { return load<i32>(word(P.ROW_TABLE) + <usize>row * P.ROW_BYTES, 8); }

/** Tiles [from, to) (in groups of 4 tiles) of one of a block's matrices; group 0 of it is written at `out`. */
function project(
  block: usize, matrix: usize, input4: usize, input8: usize, columns: i32, out: usize, outStride: usize, from: i32, to: i32, thread: i32,
): void {
  let segment = <usize>load<u32>(block + matrix), segments = load<i32>(block + matrix, 4), first = 0;
  const blocks = columns >> 5, rows = load<i32>(P.ROWS);
  for (; segments > 0; segments--, segment += P.SEGMENT_BYTES) {
    const groups = load<i32>(segment, 8) / SIZE_OF_GROUP4, a = max(from, first), b = min(to, first + groups);
    if (a < b) {
      const format = load<i32>(segment, 4);
      const x = format == FORMAT4 ? input4 : input8;
      const stride = <usize>blocks * (format == FORMAT4 ? RECORD4_BYTES : RECORD8_BYTES);
      const tile = (a - first) * SIZE_OF_GROUP4, tiles = (b - a) * SIZE_OF_GROUP4;
      multiply(
        format, <usize>load<u32>(segment), tile, tiles, blocks, x, stride, out + (<usize>(a - from) << 7), outStride, rows,
        own(P.ACCUMULATORS, thread), own(P.UNPACKED, thread), rows > FEW,
      );
    }
    first += groups;
  }
}

/** Normalised rows as records. One row is normalised by every thread for itself, which saves a barrier. */
function prepare(weight: usize, formats: i32, thread: i32): void {
  const rows = load<i32>(P.ROWS), hidden = word(P.HIDDEN), normed = own(P.NORMED, thread);
  const bytes4 = (hidden >> 5) * RECORD4_BYTES, bytes8 = (hidden >> 5) * RECORD8_BYTES;
  if (rows == 1) {
    normalise(word(P.X), weight, hidden, load<f32>(P.EPS), normed);
    quantiseRow(normed, hidden << 2, own(P.OWN_INPUT4, thread), own(P.OWN_INPUT8, thread), formats);
    return;
  }
  const threads = sharers();
  for (let t = thread; t < rows; t += threads) {
    normalise(word(P.X) + <usize>t * (hidden << 2), weight, hidden, load<f32>(P.EPS), normed);
    quantiseRow(normed, hidden << 2, word(P.INPUT4) + <usize>t * bytes4, word(P.INPUT8) + <usize>t * bytes8, formats);
  }
  barrier();
}

@inline function input4(thread: i32): usize { return load<i32>(P.ROWS) == 1 ? own(P.OWN_INPUT4, thread) : word(P.INPUT4); }
@inline function input8(thread: i32): usize { return load<i32>(P.ROWS) == 1 ? own(P.OWN_INPUT8, thread) : word(P.INPUT8); }

@inline function qkvBytes(): usize { return (word(P.HEADS) + 2 * word(P.KV_HEADS)) * word(P.HEAD_DIM) << 2; }

/** Cache of one KV head of block `layer` in the slot of a row. */
@inline function cacheOf(row: i32, layer: i32, kvHead: i32): usize {
  const index = <usize>(layer * load<i32>(P.KV_HEADS) + kvHead);
  return slotOf(row) + index * cacheBytes(capacityOf(row), word(P.HEAD_DIM));
}

/** Rotated and spread head of a row (queries first, then keys) in a private buffer. */
function rotated(row: i32, head: i32, thread: i32): usize {
  const bytes = word(P.HEAD_DIM) << 2, out = own(P.HEAD, thread), at = <usize>row * bytes;
  rotate(word(P.QKV) + <usize>row * qkvBytes() + <usize>head * bytes, out, bytes, word(P.COS) + at, word(P.SIN) + at);
  spread(out, bytes, word(P.HADAMARD) << 2);
  return out;
}

function rememberHead(row: i32, layer: i32, kvHead: i32, thread: i32): void {
  const heads = load<i32>(P.HEADS), kvHeads = load<i32>(P.KV_HEADS), dim = word(P.HEAD_DIM);
  const value = word(P.QKV) + <usize>row * qkvBytes() + <usize>(heads + kvHeads + kvHead) * (dim << 2);
  remember(rotated(row, heads + kvHead, thread), value, cacheOf(row, layer, kvHead), capacityOf(row), dim, positionOf(row));
}

/** A group of 1–4 query heads that share a KV head: its table entry holds (first head, heads, KV head). */
@inline function groupAt(group: i32): usize { return word(P.GROUP_TABLE) + <usize>group * P.GROUP_BYTES; }

/** Scores of a group for key blocks [from, to) of 8 positions. */
function scoreGroup(row: i32, layer: i32, group: i32, from: i32, to: i32, out: usize, stride: usize, thread: i32): void {
  const entry = groupAt(group), first = load<i32>(entry), heads = load<i32>(entry, 4), dim = word(P.HEAD_DIM);
  const capacity = capacityOf(row), cache = cacheOf(row, layer, load<i32>(entry, 8));
  const query = own(P.QUERY, thread), queryBytes = 2 * dim + 16;
  for (let h = 0; h < heads; h++) {
    quantiseQuery(rotated(row, first + h, thread), dim, load<f32>(P.SCORE_SCALE), query + <usize>h * queryBytes);
  }
  scores(
    heads, query, queryBytes, cache, keyScalesOf(cache, capacity, dim), keySumsOf(cache, capacity, dim), dim,
    <usize>from, <usize>to, out, stride,
  );
}

/** Planes of probability of each head of a group, from its scores; then the blocks [from, to) of 32 dims of its output. */
function attend(row: i32, layer: i32, group: i32, from: i32, to: i32, score: usize, stride: usize, formats: i32, thread: i32): void {
  const entry = groupAt(group), first = <usize>load<i32>(entry), heads = load<i32>(entry, 4), dim = word(P.HEAD_DIM);
  const capacity = capacityOf(row), cache = cacheOf(row, layer, load<i32>(entry, 8)), n = positionOf(row) + 1;
  // private: 4 × (two planes of `stride` / 4 bytes), 4 scales, work of `stride` bytes, 4 × 32 floats of output
  const plane = stride >> 2, planes = own(P.SOFTMAX, thread), scales = planes + 8 * plane, work = scales + 32;
  const out = work + stride;
  for (let h: usize = 0; h < <usize>heads; h++) {
    const high = planes + 2 * h * plane;
    store<f32>(scales + (h << 2), softmax(score + h * stride, valueScalesOf(cache, capacity, dim), n, high, high + plane, work));
  }
  const blocks = word(P.HEADS) * dim >> 5, at = <usize>row * blocks;
  for (let b = <usize>from; b < <usize>to; b++) {
    const v = valuesOf(cache, capacity, dim) + b * (capacity << 5);
    values(heads, planes, 2 * plane, plane, v, capacity, <usize>(n + 7) & ~7, scales, out, 128);
    for (let h: usize = 0; h < <usize>heads; h++) {
      const record = at + (first + h) * (dim >> 5) + b;
      quantise(out + (h << 7), word(P.ATTENDED4) + record * RECORD4_BYTES, word(P.ATTENDED8) + record * RECORD8_BYTES, formats);
    }
  }
}

/** One row: threads share out the key blocks of all groups, then the output blocks of all groups. */
function attentionOfOne(layer: i32, formats: i32, thread: i32): void {
  const groups = load<i32>(P.GROUPS), keyBlocks = (positionOf(0) >> 3) + 1, stride = word(P.SCORE_STRIDE);
  const k0 = share(groups * keyBlocks, thread), k1 = share(groups * keyBlocks, thread + 1);
  for (let group = 0; group < groups; group++) {
    const from = max(0, k0 - group * keyBlocks), to = min(keyBlocks, k1 - group * keyBlocks);
    if (from >= to) continue;
    // whoever scores the newest key writes it first; groups that share a KV head write the same bytes
    if (to == keyBlocks) rememberHead(0, layer, load<i32>(groupAt(group), 8), thread);
    const out = word(P.SCORES) + <usize>group * 4 * stride;
    scoreGroup(0, layer, group, from, to, out, stride, thread);
  }
  barrier();
  const outputs = load<i32>(P.HEAD_DIM) >> 5, o0 = share(groups * outputs, thread), o1 = share(groups * outputs, thread + 1);
  for (let group = 0; group < groups; group++) {
    const from = max(0, o0 - group * outputs), to = min(outputs, o1 - group * outputs);
    if (from < to) attend(0, layer, group, from, to, word(P.SCORES) + <usize>group * 4 * stride, stride, formats, thread);
  }
}

/** Many rows: threads share out rows × groups. */
function attentionOfMany(layer: i32, formats: i32, thread: i32): void {
  const rows = load<i32>(P.ROWS), kvHeads = load<i32>(P.KV_HEADS), groups = load<i32>(P.GROUPS), threads = sharers();
  for (let i = thread; i < rows * kvHeads; i += threads) rememberHead(i / kvHeads, layer, i % kvHeads, thread);
  barrier();
  const stride = word(P.SCORE_STRIDE), score = own(P.ATTENTION, thread);
  for (let i = thread; i < rows * groups; i += threads) {
    const row = i / groups, group = i % groups;
    scoreGroup(row, layer, group, 0, (positionOf(row) >> 3) + 1, score, stride, thread);
    attend(row, layer, group, 0, load<i32>(P.HEAD_DIM) >> 5, score, stride, formats, thread);
  }
}

/** x += matrix · records, for this thread's share of the rows of the matrix. */
function addProjection(block: usize, matrix: usize, records4: usize, records8: usize, columns: i32, thread: i32): void {
  const hidden = word(P.HIDDEN), groups = <i32>(hidden >> 5), from = share(groups, thread), to = share(groups, thread + 1);
  const out = word(P.OUT) + (<usize>from << 7), bytes = <usize>(to - from) << 7;
  project(block, matrix, records4, records8, columns, out, hidden << 2, from, to, thread);
  for (let t: usize = 0; t < word(P.ROWS); t++) {
    const x = word(P.X) + t * (hidden << 2) + (<usize>from << 7), y = out + t * (hidden << 2);
    for (let i: usize = 0; i < bytes; i += 16) v128.store(x + i, f32x4.add(v128.load(x + i), v128.load(y + i)));
  }
}

/** silu(gate) · up as records, for this thread's share; many rows go in steps that keep gate and up in L1. */
function feedForward(block: usize, formats: i32, thread: i32): void {
  const groups = load<i32>(P.FFN) >> 5, end = share(groups, thread + 1), rows = load<i32>(P.ROWS);
  const gate = own(P.GATE, thread), up = own(P.UP, thread), normed = own(P.NORMED, thread);
  const most = rows > FEW ? 3 : groups;
  for (let from = share(groups, thread); from < end; from += most) {
    const to = min(end, from + most), bytes = <usize>(to - from) << 7, hidden = load<i32>(P.HIDDEN);
    project(block, GATE, input4(thread), input8(thread), hidden, gate, bytes, from, to, thread);
    project(block, UP, input4(thread), input8(thread), hidden, up, bytes, from, to, thread);
    for (let t = 0; t < rows; t++) {
      const at = <usize>t * bytes, record = <usize>(t * groups + from);
      gated(gate + at, up + at, normed, bytes);
      quantiseRow(normed, bytes, word(P.INNER4) + record * RECORD4_BYTES, word(P.INNER8) + record * RECORD8_BYTES, formats);
    }
  }
}

/** Blocks [first, endBlock) on the rows in x. */
export function runBlocks(thread: i32, first: i32): void {
  const heads = load<i32>(P.HEADS), kvHeads = load<i32>(P.KV_HEADS), dim = load<i32>(P.HEAD_DIM), hidden = load<i32>(P.HIDDEN);
  // after the last barrier the host may write the next job's parameters: nothing is read from then on
  const end = load<i32>(P.END_BLOCK);
  for (let layer = first; ; ) {
    const block = word(P.BLOCK_TABLE) + <usize>layer * P.BLOCK_BYTES;
    prepare(<usize>load<u32>(block), load<i32>(block + QKV, 8), thread);
    const groups = (heads + 2 * kvHeads) * dim >> 5, from = share(groups, thread), to = share(groups, thread + 1);
    project(block, QKV, input4(thread), input8(thread), hidden, word(P.QKV) + (<usize>from << 7), qkvBytes(), from, to, thread);
    barrier();
    if (load<i32>(P.ROWS) == 1) attentionOfOne(layer, load<i32>(block + OUT, 8), thread);
    else attentionOfMany(layer, load<i32>(block + OUT, 8), thread);
    barrier();
    addProjection(block, OUT, word(P.ATTENDED4), word(P.ATTENDED8), heads * dim, thread);
    barrier();
    prepare(<usize>load<u32>(block, 4), load<i32>(block + GATE, 8) | load<i32>(block + UP, 8), thread);
    feedForward(block, load<i32>(block + DOWN, 8), thread);
    barrier();
    addProjection(block, DOWN, word(P.INNER4), word(P.INNER8), load<i32>(P.FFN), thread);
    if (++layer < end && thread == 0) admit(layer, layer + 1 == end);
    barrier();
    if (layer == end) return;
    renew();
  }
}

/** Final norm and output matrix: logits of the rows in x. */
export function runHead(thread: i32): void {
  const segment = word(P.HEAD_SEGMENT), format = load<i32>(segment, 4), tiles = load<i32>(segment, 8), hidden = load<i32>(P.HIDDEN);
  prepare(word(P.HEAD_NORM), format, thread);
  const from = share(tiles, thread), blocks = hidden >> 5, x = format == FORMAT4 ? input4(thread) : input8(thread);
  multiply(
    format, <usize>load<u32>(segment), from, share(tiles, thread + 1) - from, blocks, x,
    <usize>blocks * (format == FORMAT4 ? RECORD4_BYTES : RECORD8_BYTES), word(P.LOGITS) + (<usize>from << 5),
    word(P.LOGIT_STRIDE), load<i32>(P.ROWS), own(P.ACCUMULATORS, thread), 0, false,
  );
  barrier();
}
