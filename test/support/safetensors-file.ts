/** Writes small safetensors files, right ones and wrong ones. */
import { concat, utf8 } from '#base';
import { uint64 } from './gguf-file.ts';

export type Entry = { dtype: string; shape: number[]; data_offsets: [number, number] };

/** `header` may be any text; data is zeros. */
export function safetensorsFile(header: string | Record<string, unknown>, dataBytes: number): Uint8Array {
  const text = utf8(typeof header === 'string' ? header : JSON.stringify(header));
  return concat([uint64(text.length), text, new Uint8Array(dataBytes)]);
}
