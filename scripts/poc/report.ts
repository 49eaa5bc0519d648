import type { TransferView } from '#node';

/** What one container ended with. */
export interface Outcome {
  readonly service: string;
  readonly transfer: TransferView;
  /** SHA-256, hexadecimal, by path, of the files as they lie in the container. */
  readonly hashes: ReadonlyMap<string, string>;
  /** From the start of the leechers until it held everything; absent for the seeder. */
  readonly seconds?: number;
}

export interface Trial {
  readonly model: string;
  /** Bytes of all files. */
  readonly bytes: number;
  /** SHA-256, hexadecimal, by path, of the files as the source gave them. */
  readonly expected: ReadonlyMap<string, string>;
  readonly seeder: Outcome;
  readonly leechers: readonly Outcome[];
}

/** What is wrong, one sentence each; nothing when the model spread as it should. */
export function findFaults({ bytes, expected, seeder, leechers }: Trial): string[] {
  const faults: string[] = [];
  for (const { service, transfer, hashes } of [seeder, ...leechers]) {
    for (const [path, hash] of expected) {
      if (hashes.get(path) !== hash)
        faults.push(`${service}: ${path} has SHA-256 ${hashes.get(path) ?? 'none'}`);
    }
    if (transfer.bytesHave !== bytes) faults.push(`${service} holds ${transfer.bytesHave} of ${bytes} bytes`);
    if (!transfer.verified) faults.push(`${service} has not verified its files against the manifest`);
    if (transfer.modelId !== seeder.transfer.modelId) faults.push(`${service} holds another model`);
  }
  const names = leechers.map(({ service }) => service);
  for (const { service, transfer } of leechers) {
    const fetched = downloadedFrom(transfer, [seeder.service, ...names]);
    if (fetched < bytes) faults.push(`${service} names the sources of ${fetched} of its ${bytes} bytes only`);
  }
  const shared = leechers.reduce((sum, { transfer }) => sum + downloadedFrom(transfer, names), 0);
  if (shared === 0) faults.push('the leechers got nothing from each other: all came from the seeder');
  return faults;
}

function downloadedFrom({ peers }: TransferView, names: readonly string[]): number {
  return peers.filter(({ name }) => names.includes(name)).reduce((sum, peer) => sum + peer.downloaded, 0);
}

/** Bytes, sources, times and hashes, as lines of text. */
export function formatReport({ model, bytes, expected, seeder, leechers }: Trial): string {
  const rows = [seeder, ...leechers].map(({ service, transfer, seconds }) => {
    const uploaded = transfer.peers.reduce((sum, peer) => sum + peer.uploaded, 0);
    return [
      service,
      megabytes(transfer.bytesHave),
      seconds === undefined ? 'published' : `${seconds.toFixed(1)} s`,
      megabytes(uploaded),
      sourcesOf(transfer) || '–',
    ];
  });
  const hashes = [...expected].map(([path, hash]) => {
    const same = [seeder, ...leechers].filter((outcome) => outcome.hashes.get(path) === hash);
    return `  ${hash}  ${path}: the same in ${same.length} of ${leechers.length + 1} containers and at the source`;
  });
  return [
    `${model}, ${megabytes(bytes)}`,
    '',
    ...table([['node', 'holds', 'whole after', 'gave', 'fetched'], ...rows]),
    '',
    'SHA-256',
    ...hashes,
  ].join('\n');
}

/** How far a node is that has not come to its end. */
export const formatTransfer = (service: string, transfer: TransferView): string =>
  `${service}: ${transfer.bytesHave} of ${transfer.bytesTotal} bytes, ` +
  `${transfer.verified ? '' : 'not '}verified; fetched ${sourcesOf(transfer) || 'nothing'}`;

const sourcesOf = ({ peers }: TransferView): string =>
  peers
    .filter(({ downloaded }) => downloaded > 0)
    .map(({ name, downloaded }) => `${megabytes(downloaded)} from ${name}`)
    .join(', ');

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

function table(rows: readonly string[][]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    `  ${row.map((cell, column) => cell.padEnd(widths[column]!)).join('  ')}`.trimEnd(),
  );
}
