/** The messages of onnx/onnx.proto (ONNX 1.20, IR version 13) as tables for readMessage(). */
import type { MessageTable } from './protobuf.ts';

/** A key and a value: metadata of any part of a model, and where external data lies. */
const ENTRY: MessageTable = { 1: ['key', 'text'], 2: ['value', 'text'] };
/** Names of other parts of the model, not metadata. */
const BINDING: MessageTable = { 1: ['key', 'note'], 2: ['value', 'note'] };

const DIMENSION: MessageTable = {
  1: ['dim_value', 'int'],
  2: ['dim_param', 'note'],
  3: ['denotation', 'note'],
};
const SHAPE: MessageTable = { 1: ['dim', DIMENSION, '[]'] };
const TENSOR_TYPE: MessageTable = { 1: ['elem_type', 'int'], 2: ['shape', SHAPE] };
const TYPE: { [field: number]: MessageTable[number] } = {
  1: ['tensor_type', TENSOR_TYPE],
  6: ['denotation', 'note'],
  7: ['opaque_type', { 1: ['domain', 'note'], 2: ['name', 'note'] }],
  8: ['sparse_tensor_type', TENSOR_TYPE],
};
TYPE[4] = ['sequence_type', { 1: ['elem_type', TYPE] }];
TYPE[5] = ['map_type', { 1: ['key_type', 'int'], 2: ['value_type', TYPE] }];
TYPE[9] = ['optional_type', { 1: ['elem_type', TYPE] }];

const VALUE: MessageTable = {
  1: ['name', 'text'],
  2: ['type', TYPE],
  3: ['doc_string', 'note'],
  4: ['metadata_props', ENTRY, '[]'],
};

const TENSOR: MessageTable = {
  1: ['dims', 'int', '[]'],
  2: ['data_type', 'int'],
  3: ['segment', { 1: ['begin', 'int'], 2: ['end', 'int'] }],
  4: ['float_data', 'float', 'count'],
  5: ['int32_data', 'int', 'count'],
  6: ['string_data', 'bytes', 'count'],
  7: ['int64_data', 'int', 'count'],
  8: ['name', 'text'],
  9: ['raw_data', 'bytes'],
  10: ['double_data', 'double', 'count'],
  11: ['uint64_data', 'int', 'count'],
  12: ['doc_string', 'note'],
  13: ['external_data', ENTRY, '[]'],
  14: ['data_location', 'int'],
  16: ['metadata_props', ENTRY, '[]'],
};

const SPARSE: MessageTable = {
  1: ['values', TENSOR],
  2: ['indices', TENSOR],
  3: ['dims', 'int', '[]'],
};

const ATTRIBUTE: MessageTable = {
  1: ['name', 'text'],
  2: ['f', 'float'],
  3: ['i', 'int'],
  4: ['s', 'bytes'],
  5: ['t', TENSOR],
  6: ['g', 'bytes'],
  7: ['floats', 'float', 'count'],
  8: ['ints', 'int', 'count'],
  9: ['strings', 'bytes', 'count'],
  10: ['tensors', TENSOR, '[]'],
  11: ['graphs', 'bytes', '[]'],
  13: ['doc_string', 'note'],
  14: ['tp', TYPE],
  15: ['type_protos', TYPE, '[]'],
  20: ['type', 'int'],
  21: ['ref_attr_name', 'note'],
  22: ['sparse_tensor', SPARSE],
  23: ['sparse_tensors', SPARSE, '[]'],
};

const SHARDING: MessageTable = {
  1: ['tensor_name', 'note'],
  2: ['device', 'int', 'count'],
  3: ['index_to_device_group_map', { 1: ['key', 'int'], 2: ['value', 'int', 'count'] }, '[]'],
  4: [
    'sharded_dim',
    {
      1: ['axis', 'int'],
      2: [
        'simple_sharding',
        { 1: ['dim_value', 'int'], 2: ['dim_param', 'note'], 3: ['num_shards', 'int'] },
        '[]',
      ],
    },
    '[]',
  ],
};

const NODE: MessageTable = {
  1: ['input', 'text', '[]'],
  2: ['output', 'text', '[]'],
  3: ['name', 'text'],
  4: ['op_type', 'text'],
  5: ['attribute', ATTRIBUTE, '[]'],
  6: ['doc_string', 'note'],
  7: ['domain', 'text'],
  8: ['overload', 'text'],
  9: ['metadata_props', ENTRY, '[]'],
  10: [
    'device_configurations',
    { 1: ['configuration_id', 'note'], 2: ['sharding_spec', SHARDING, '[]'], 3: ['pipeline_stage', 'int'] },
    '[]',
  ],
};

export const GRAPH: MessageTable = {
  1: ['node', NODE, '[]'],
  2: ['name', 'note'],
  5: ['initializer', TENSOR, '[]'],
  10: ['doc_string', 'text'],
  11: ['input', VALUE, '[]'],
  12: ['output', VALUE, '[]'],
  13: ['value_info', VALUE, '[]'],
  14: ['quantization_annotation', { 1: ['tensor_name', 'note'], 2: ['parameters', BINDING, '[]'] }, '[]'],
  15: ['sparse_initializer', SPARSE, '[]'],
  16: ['metadata_props', ENTRY, '[]'],
};

const OPSET: MessageTable = { 1: ['domain', 'text'], 2: ['version', 'int'] };

export const FUNCTION: MessageTable = {
  1: ['name', 'text'],
  2: ['since_version', 'int'],
  3: ['status', 'int'],
  4: ['input', 'note', '[]'],
  5: ['output', 'note', '[]'],
  6: ['attribute', 'note', '[]'],
  7: ['node', NODE, '[]'],
  8: ['doc_string', 'text'],
  9: ['opset_import', OPSET, '[]'],
  10: ['domain', 'text'],
  11: ['attribute_proto', ATTRIBUTE, '[]'],
  12: ['value_info', VALUE, '[]'],
  13: ['overload', 'text'],
  14: ['metadata_props', ENTRY, '[]'],
};

export const MODEL: MessageTable = {
  1: ['ir_version', 'int'],
  2: ['producer_name', 'text'],
  3: ['producer_version', 'note'],
  4: ['domain', 'note'],
  5: ['model_version', 'int'],
  6: ['doc_string', 'text'],
  7: ['graph', 'bytes'],
  8: ['opset_import', OPSET, '[]'],
  14: ['metadata_props', ENTRY, '[]'],
  20: [
    'training_info',
    {
      1: ['initialization', 'bytes'],
      2: ['algorithm', 'bytes'],
      3: ['initialization_binding', BINDING, '[]'],
      4: ['update_binding', BINDING, '[]'],
    },
    '[]',
  ],
  25: ['functions', 'bytes', '[]'],
  26: [
    'configuration',
    { 1: ['name', 'note'], 2: ['num_devices', 'int'], 3: ['device', 'note', '[]'] },
    '[]',
  ],
};

/** Bits of one element by data type; 0 for strings, which have no fixed size (onnx.proto, TensorProto.DataType). */
export const ELEMENT_BITS: Readonly<Record<number, number>> = {
  1: 32,
  2: 8,
  3: 8,
  4: 16,
  5: 16,
  6: 32,
  7: 64,
  8: 0,
  9: 8,
  10: 16,
  11: 64,
  12: 32,
  13: 64,
  14: 64,
  15: 128,
  16: 16,
  17: 8,
  18: 8,
  19: 8,
  20: 8,
  21: 4,
  22: 4,
  23: 4,
  24: 8,
  25: 2,
  26: 2,
};
