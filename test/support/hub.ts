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
  /** Moves the main branch to a new commit that holds these files. */
  commit(files: Record<string, Uint8Array>): void;
}

/** A server that behaves like the Hugging Face Hub for one repository: lists files, serves ranges. */
export async function startHub(
  t: TestContext,
  repo: string,
  files: Record<string, Uint8Array>,
): Promise<FakeHub> {
  let main = commitOf(files);
  const hub: FakeHub = {
    url: '',
    requests: [],
    cutAfter: undefined,
    stallAfter: undefined,
    commit(next) {
      main = commitOf(next);
    },
  };
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url!.split('?')[0]!);
    hub.requests.push(`${path} ${request.headers.range ?? ''}`.trim());
    const json = (value: unknown) =>
      response.setHeader('content-type', 'application/json').end(JSON.stringify(value));
    const [, asked = ''] = /\/(?:revision|tree|resolve)\/(\w+)/.exec(path) ?? [];
    const known = ['HEAD', 'main', main.id].includes(asked);
    const file = known ? main.files[path.replace(`/${repo}/resolve/${asked}/`, '')] : undefined;
    if (path === `/api/models/${repo}`) response.end('{}');
    else if (known && path === `/api/models/${repo}/revision/${asked}`) json({ sha: main.id });
    else if (known && path === `/api/models/${repo}/tree/${asked}`) json(main.list);
    else if (file) serveRange(request, response, file, hub);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close().closeAllConnections());
  hub.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return hub;
}

/** What a commit lists, as it was made; a test may change the bytes that are served. */
function commitOf(files: Record<string, Uint8Array>) {
  const list = Object.entries(files).map(([path, bytes]) => ({
    type: 'file',
    path,
    size: bytes.length,
    oid: digest('sha1', `blob ${bytes.length}\0`, bytes),
    ...(/\.(safetensors|gguf)$/.test(path) && {
      lfs: { oid: digest('sha256', bytes), size: bytes.length, pointerSize: 130 },
    }),
  }));
  return { files, list, id: digest('sha1', JSON.stringify(list)) };
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
