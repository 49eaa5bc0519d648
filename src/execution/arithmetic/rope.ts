import type { Architecture } from '#formats';
import { cosineAndSine, exponential, logarithm } from './elementary.ts';

const TWO_PI = 6.283185307179586;

/**
 * Angle per position of each rotary pair of a head, theta^(−2i/headDim): headDim / 2 values in radians. With ropeScaling they
 * are scaled like type "llama3" in modeling_rope_utils.py of Hugging Face transformers.
 */
export function ropeFrequencies({ headDim, ropeTheta, ropeScaling }: Architecture): Float64Array {
  const step = logarithm(ropeTheta) / headDim;
  return Float64Array.from({ length: headDim / 2 }, (_, i) => {
    const frequency = exponential(-2 * i * step);
    if (ropeScaling === undefined) return frequency;
    const { factor, lowFreqFactor, highFreqFactor, originalContext } = ropeScaling;
    const wavelength = TWO_PI / frequency;
    if (wavelength > originalContext / lowFreqFactor) return frequency / factor;
    if (wavelength < originalContext / highFreqFactor) return frequency;
    const smooth = (originalContext / wavelength - lowFreqFactor) / (highFreqFactor - lowFreqFactor);
    return ((1 - smooth) * frequency) / factor + smooth * frequency;
  });
}

/** Writes (c, c) and (−s, s) of each pair at one position: headDim f32 into `cos` and `sin` each, from index `at`. */
export function writeRopeRow(
  frequencies: Float64Array,
  position: number,
  cos: Float32Array,
  sin: Float32Array,
  at: number,
): void {
  const pair = new Float64Array(2);
  for (let i = 0; i < frequencies.length; i++) {
    cosineAndSine(position * frequencies[i]!, pair);
    const c = pair[0]!;
    const s = pair[1]!;
    cos[at + 2 * i] = c;
    cos[at + 2 * i + 1] = c;
    sin[at + 2 * i] = -s;
    sin[at + 2 * i + 1] = s;
  }
}
