/**
 * Maximum sizes in configurations, by the names that libraries give them; larger ones would exhaust memory or time when
 * the model is built or run.
 */
const SIZES: readonly (readonly [RegExp, number])[] = [
  [/^(num|n)_(\w+_)?(layers?|blocks?|stages?|hidden_groups)$|_layers$|^n_layer$|^depths?$/, 1 << 14],
  [/experts?$|^(num|n)_(\w+_)?(heads?|kv|groups|codebooks|channels|beams|beam_groups)$|_heads$/, 1 << 16],
  [/^(head_dim|d_kv|num_experts_per_tok|num_return_sequences|pad_to_multiple_of|num_mel_bins)$/, 1 << 16],
  [/^(\w+_)?hidden_sizes?$|^(d_model|n_embd|embed_dim|embedding_size|emb_dim|dim)$/, 1 << 20],
  [/^(\w+_)?(intermediate_size|ffn_dim|d_ff|n_inner|ffn_hidden_size|num_labels)$/, 1 << 22],
  [/^(\w+_)?vocab_size$/, 1 << 26],
  [/^(max_position_embeddings|n_positions|n_ctx|type_vocab_size|image_size|max_source_positions)$/, 2 ** 31],
  // Every text is padded to this length.
  [/^Fixed$/, 1 << 20],
];

/** The maximum that a number at this key exceeds; undefined if it is within reason. */
export function exceededSize(key: string, value: number): number | undefined {
  const most = SIZES.find(([keys]) => keys.test(key))?.[1];
  return most !== undefined && value > most ? most : undefined;
}
