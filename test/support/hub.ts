import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';

const digest = (algorithm: string, ...parts: (string | Uint8Array)[]) => {
  const hash = createHash(algorithm);
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
};

export interface FakeHub {
  url: string;
  requests: string[];
  /** Bytes after which the next file transfer is cut off. */
  cutAfter: number | undefined;
  /** Bytes after which the next file transfer goes on no more, and stays open. */
  stallAfter: number | undefined;
}

/** A server that behaves like the Hugging Face Hub for one repository: lists files, serves ranges. */
export async function startHub(
  t: TestContext,
  repo: string,
  files: Record<string, Uint8Array>,
): Promise<FakeHub> {
  const hub: FakeHub = { url: '', requests: [], cutAfter: undefined, stallAfter: undefined };
  const list = Object.entries(files).map(([path, bytes]) => ({
    type: 'file',
    path,
    size: bytes.length,
    oid: digest('sha1', `blob ${bytes.length}\0`, bytes),
    ...(/\.(safetensors|gguf)$/.test(path) && {
      lfs: { oid: digest('sha256', bytes), size: bytes.length, pointerSize: 130 },
    }),
  }));
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url!.split('?')[0]!);
    hub.requests.push(`${path} ${request.headers.range ?? ''}`.trim());
    const file = files[path.replace(`/${repo}/resolve/main/`, '')];
    if (path === `/api/models/${repo}`) response.end('{}');
    else if (path === `/api/models/${repo}/tree/main`) {
      response.setHeader('content-type', 'application/json').end(JSON.stringify(list));
    } else if (file) serveRange(request, response, file, hub);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close().closeAllConnections());
  hub.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return hub;
}

function serveRange(
  request: IncomingMessage,
  response: ServerResponse,
  file: Uint8Array,
  hub: FakeHub,
): void {
  const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
  const [start, end] = [Number(from ?? 0), Math.min(Number(to ?? file.length - 1) + 1, file.length)];
  response.setHeader('etag', '"x"').setHeader('content-length', end - start);
  if (from) response.writeHead(206, { 'content-range': `bytes ${start}-${end - 1}/${file.length}` });
  if (end - start > (hub.stallAfter ?? Number.POSITIVE_INFINITY)) {
    response.write(file.subarray(start, start + hub.stallAfter!));
    hub.stallAfter = undefined;
    return;
  }
  const cut = end - start > (hub.cutAfter ?? Number.POSITIVE_INFINITY) ? hub.cutAfter : undefined;
  if (cut === undefined) {
    response.end(file.subarray(start, end));
    return;
  }
  hub.cutAfter = undefined;
  response.write(file.subarray(start, start + cut), () => response.destroy());
}
