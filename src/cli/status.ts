import { cleanText, codeOf } from '#base';
import type { ChainView, NetworkView, ProcessView } from '#node';
import {
  askNode,
  type NodeFlags,
  nodeCommand,
  print,
  printJson,
  runningNode,
  withHint,
} from './chain/api.ts';
import { stateOf } from './models.ts';
import { formatBytes } from './progress.ts';
import { type ServiceView, serviceView } from './service/service-view.ts';

/** What `bitorch status` shows. */
export interface Status {
  /** Address of the page, without the token. */
  readonly url: string;
  readonly process: Pick<ProcessView, 'pid' | 'uptimeMs' | 'memory'>;
  readonly network: NetworkView;
  /** Absent on a node that follows no chain. */
  readonly chain?: ChainView;
  /** Absent when no service is installed. */
  readonly service?: ServiceView;
}

/** `bitorch status`: the running node at a glance. */
export const statusCommand = nodeCommand('status', 'show what the running node does').action(
  async (flags: NodeFlags) => {
    const service = await serviceView();
    const { address } = await runningNode(flags).catch((error) => {
      throw service ? withHint(error, `or see why its service has ${service.state}: ${service.logs}`) : error;
    });
    const [process, network, chain] = await Promise.all([
      askNode<ProcessView>(flags, '/api/process'),
      askNode<NetworkView>(flags, '/api/network'),
      chainOf(flags),
    ]);
    const status = {
      url: address.url,
      process,
      network,
      ...(chain && { chain }),
      ...(service && { service }),
    };
    if (flags.json) printJson(status);
    else for (const line of statusLines(status)) print(line);
  },
);

async function chainOf(flags: NodeFlags): Promise<ChainView | undefined> {
  try {
    return await askNode<ChainView>(flags, '/api/chain');
  } catch (error) {
    if (codeOf(error) === 'NO_CHAIN') return undefined;
    throw error;
  }
}

/** The lines of the terminal. */
export function statusLines({ url, process, network, chain, service }: Status): string[] {
  const { nodes, models, transfers, notices, self } = network;
  const roles = nodes.find((node) => node.self)?.roles ?? [];
  const online = nodes.filter(({ state }) => state === 'online').length;
  const down = transfers.reduce((sum, { downBytesPerSecond }) => sum + downBytesPerSecond, 0);
  const up = transfers.reduce((sum, { upBytesPerSecond }) => sum + upBytesPerSecond, 0);
  const rows: [string, string][] = [
    ['node', self.name === self.id ? self.id : `${self.name} (${self.id})`],
    ['page', url],
    ['process', `${process.pid}, up ${formatUptime(process.uptimeMs)}, ${formatBytes(process.memory.rss)}`],
    ['roles', roles.join(', ')],
    ['network', `${online} of ${nodes.length} computers online`],
    ...models.map((model): [string, string] => ['model', `${model.name}: ${stateOf(model)}`]),
    ['traffic', `${formatBytes(down)}/s down, ${formatBytes(up)}/s up`],
    ['chain', chain ? chainText(chain) : 'none'],
    ...(service ? [['service', `${service.state} (${service.system})`] as [string, string]] : []),
    ...[chain?.problem, ...notices.map(({ message }) => message)]
      .filter((problem) => problem !== undefined)
      .map((problem): [string, string] => ['problem', problem]),
  ];
  return rows.map(([name, text]) => `${name.padEnd(8)} ${cleanText(text, 1024)}`);
}

const chainText = ({ network, height, bestHeight, state }: ChainView): string =>
  `${network}, height ${height} of ${bestHeight}, ${state}`;

/** `42 s`, `5 min`, `3 h 5 min`, `2 d 3 h`. */
export function formatUptime(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) return `${Math.floor(ms / 1000)} s`;
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 24 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}
