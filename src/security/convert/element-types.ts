/** torch's storage classes and dtypes → safetensors' types. */
const TYPES: ReadonlyMap<string, ElementType> = new Map(
  Object.entries({
    DoubleStorage: ['F64', 8],
    FloatStorage: ['F32', 4],
    HalfStorage: ['F16', 2],
    BFloat16Storage: ['BF16', 2],
    LongStorage: ['I64', 8],
    IntStorage: ['I32', 4],
    ShortStorage: ['I16', 2],
    CharStorage: ['I8', 1],
    ByteStorage: ['U8', 1],
    UntypedStorage: ['U8', 1],
    BoolStorage: ['BOOL', 1],
    ComplexFloatStorage: ['C64', 8, 4],
    float64: ['F64', 8],
    float32: ['F32', 4],
    float16: ['F16', 2],
    bfloat16: ['BF16', 2],
    int64: ['I64', 8],
    int32: ['I32', 4],
    int16: ['I16', 2],
    int8: ['I8', 1],
    uint8: ['U8', 1],
    uint16: ['U16', 2],
    uint32: ['U32', 4],
    uint64: ['U64', 8],
    bool: ['BOOL', 1],
    complex64: ['C64', 8, 4],
    float8_e4m3fn: ['F8_E4M3', 1],
    float8_e5m2: ['F8_E5M2', 1],
  } satisfies Record<string, [string, number, number?]>).map(
    ([name, [dtype, bytes, numberBytes = bytes]]: [string, [string, number, number?]]) => [
      name,
      { dtype, bytes, numberBytes },
    ],
  ),
);

export interface ElementType {
  /** Name in safetensors. */
  readonly dtype: string;
  /** Bytes per element. */
  readonly bytes: number;
  /** Bytes per number; an element of a complex type has two. */
  readonly numberBytes: number;
}

/** The safetensors type of a torch storage class or dtype; undefined if there is none. */
export const elementType = (name: string): ElementType | undefined => TYPES.get(name);
