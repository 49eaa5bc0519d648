import { type Options, z } from '#base';

/** Which model the node shares, and where models come from. */
export const MODEL_OPTIONS = {
  publish: {
    schema: z.string().max(1024).optional(),
    value: 'source',
    help: 'a model to publish: hf:…, pip:…, a folder, a .gguf file, default',
  },
  model: {
    schema: z
      .string()
      .regex(/^[0-9a-f]{64}$/)
      .optional(),
    value: 'id',
    help: 'manifest id of the model to seed, run or chat with; any published model when absent',
  },
  hub: {
    schema: z.url().max(512).optional(),
    value: 'url',
    help: 'Hugging Face Hub to use instead of the public one',
    variable: 'HF_ENDPOINT',
  },
  cache: {
    schema: z.string().optional(),
    value: 'folder',
    help: 'folder for fetched model sources, which nodes of one machine may share',
    defaultText: '"cache" in the data directory',
  },
} satisfies Options;
