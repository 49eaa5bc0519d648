import { type Architecture, unsupportedFile as unsupported } from '#formats';

type Scaling = NonNullable<Architecture['ropeScaling']>;

/** Divisor of each rotary frequency under Llama 3.1's scaling (Hugging Face transformers, `modeling_rope_utils.py`). */
function llama3Factors(scaling: Scaling, theta: number, headDim: number): number[] {
  const { factor, lowFreqFactor, highFreqFactor, originalContext } = scaling;
  return Array.from({ length: headDim / 2 }, (_, i) => {
    const wavelength = 2 * Math.PI * theta ** ((2 * i) / headDim);
    if (wavelength < originalContext / highFreqFactor) return 1;
    if (wavelength > originalContext / lowFreqFactor) return factor;
    const smooth = (originalContext / wavelength - lowFreqFactor) / (highFreqFactor - lowFreqFactor);
    return 1 / ((1 - smooth) / factor + smooth);
  });
}

/**
 * Recovers the scaling parameters from the factors in a GGUF's `rope_freqs.weight` (headDim / 2 values). All published Llama
 * models have the same cut-off frequencies, so the largest factor determines the others; the tensor must match them. Undefined
 * for no scaling. Throws FORMAT_UNSUPPORTED for another scaling.
 */
export function ropeScalingOf(factors: Float32Array, theta: number, headDim: number): Scaling | undefined {
  if (factors.every((factor) => factor === 1)) return undefined;
  const scaling = { factor: factors.at(-1) ?? 1, lowFreqFactor: 1, highFreqFactor: 4, originalContext: 8192 };
  const expected = llama3Factors(scaling, theta, headDim);
  const agrees = expected.every((value, i) => Math.abs(factors[i]! / value - 1) < 1e-4);
  if (!agrees || factors.length !== expected.length) {
    throw unsupported(
      'rope_freqs.weight is not the RoPE scaling of Llama 3.1: this scaling is not supported',
    );
  }
  return scaling;
}
