import { z, zCount } from '#base';

/** RoPE frequency scaling of Llama 3.1 ("llama3" in config.json); absent for plain RoPE. */
const ropeScaling = z.strictObject({
  factor: z.number().positive(),
  lowFreqFactor: z.number().positive(),
  highFreqFactor: z.number().positive(),
  originalContext: zCount,
});

/** Families of models by their names in manifests; execution/families has their rules. */
const FAMILY_NAMES = ['llama'] as const;

/** Hyperparameters of a decoder-only transformer: everything that execution needs besides the tensors. */
export const architectureSchema = z.strictObject({
  family: z.enum(FAMILY_NAMES),
  layers: z.number().int().min(1).max(1024),
  hidden: z.number().int().min(32).max(65536),
  heads: z.number().int().min(1).max(1024),
  kvHeads: z.number().int().min(1).max(1024),
  headDim: z.number().int().min(2).max(1024),
  ffn: z
    .number()
    .int()
    .min(32)
    .max(1 << 20),
  vocab: z
    .number()
    .int()
    .min(1)
    .max(1 << 24),
  context: z
    .number()
    .int()
    .min(1)
    .max(1 << 24),
  ropeTheta: z.number().positive(),
  ropeScaling: ropeScaling.optional(),
  normEps: z.number().positive(),
  /** Whether the output head shares the embedding matrix. */
  tiedHead: z.boolean(),
});

export type Architecture = z.infer<typeof architectureSchema>;
