/** Every finding that the scanner can report. A ruleset defines the severity and text of each. */
export const RULE_IDS = [
  // Any file
  'advisory',
  'name-unsafe',
  'unknown-format',
  'wrong-name',
  'damaged',
  'lfs-pointer',
  'polyglot',
  'too-large',
  'resource-bomb',
  // Code
  'executable',
  'script',
  'llamafile',
  // Pickle
  'pickle',
  'pickle-code',
  'pickle-malformed',
  'numpy-object',
  // Containers
  'archive',
  'archive-damaged',
  'archive-path',
  'archive-bomb',
  'archive-encrypted',
  // Other model formats
  'checkpoint',
  'torchscript',
  'nemo',
  'mar',
  'keras',
  'keras-code',
  'saved-model',
  'tflite',
  'other-model',
  // ONNX
  'onnx-forbidden-operator',
  'onnx-unknown-operator',
  'onnx-shadowed-operator',
  'onnx-external-path',
  'onnx-external-missing',
  'onnx-external-bounds',
  'onnx-tensor',
  // Text, configuration, tokenizers
  'text-encoding',
  'text-control',
  'yaml-code',
  'metadata-code',
  'remote-code',
  'template-forbidden',
  'template-unreadable',
  'template-behaviour',
  'template-family',
  'template-opening',
  'tokenizer-regex',
  'tokenizer-regex-slow',
  'tokenizer-added-token',
] as const;

export type RuleId = (typeof RULE_IDS)[number];
