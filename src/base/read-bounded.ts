/**
 * Collects a stream into one buffer, and stops reading as soon as it exceeds `maxBytes`. `tooLong` creates the error that is
 * thrown then.
 */
export async function readBounded(
  stream: AsyncIterable<Uint8Array>,
  maxBytes: number,
  tooLong: () => Error,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of stream) {
    bytes += part.length;
    if (bytes > maxBytes) throw tooLong();
    parts.push(part);
  }
  return new Uint8Array(Buffer.concat(parts));
}
