import { Gauge, Registry } from 'prom-client';
import type { LoopMonitor } from '#base';
import type { ChainView, NetworkView, NodeApi, SecurityView } from '#node';

/** The views that one scrape reads; each is computed once. */
interface Views {
  readonly network: NetworkView;
  readonly security: SecurityView;
  readonly chain: ChainView | undefined;
  readonly monitor: LoopMonitor;
}

type TransferView = NetworkView['transfers'][number];
type Labelled = { readonly labels: Record<string, string>; readonly value: number };

interface Metric {
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly string[];
  /** Empty when the node has no such values, for example without a chain. */
  readonly read: (views: Views) => readonly Labelled[];
}

const one = (value: number | undefined): Labelled[] => (value === undefined ? [] : [{ labels: {}, value }]);
/** Models that are shown one by one. Strangers publish models, and each adds series to the database of whoever scrapes. */
const MAX_MODELS = 200;
/** Names are not unique; the beginning of the id is. */
const byModel = (transfers: readonly TransferView[], value: (item: TransferView) => number): Labelled[] =>
  transfers
    .toSorted((a, b) => b.bytesHave - a.bytesHave)
    .slice(0, MAX_MODELS)
    .map((item) => ({ labels: { model: item.name, id: item.modelId.slice(0, 16) }, value: value(item) }));
const countBy = (label: string, keys: readonly string[]): Labelled[] =>
  [...Map.groupBy(keys, (key) => key)].map(([key, { length }]) => ({
    labels: { [label]: key },
    value: length,
  }));

/** All metrics of `GET /metrics`; docs/metrics.md has the same list. */
export const METRICS: readonly Metric[] = [
  {
    name: 'bitorch_process_resident_bytes',
    help: 'Memory of the process',
    read: () => one(process.memoryUsage.rss()),
  },
  {
    name: 'bitorch_process_cpu_seconds',
    help: 'Processor time since the start, user and system, all threads',
    read: () => {
      const { user, system } = process.cpuUsage();
      return one((user + system) / 1e6);
    },
  },
  {
    name: 'bitorch_process_uptime_seconds',
    help: 'Time since the start',
    read: () => one(process.uptime()),
  },
  {
    name: 'bitorch_event_loop_held_p99_ms',
    help: 'How long one turn of the event loop takes at most, 99th percentile, in processor time',
    read: ({ monitor }) => one(monitor.view().p99),
  },
  {
    name: 'bitorch_nodes',
    help: 'Nodes of the network that this node knows, itself included, by state',
    labels: ['state'],
    read: ({ network }) =>
      countBy(
        'state',
        network.nodes.map(({ state }) => state),
      ),
  },
  {
    name: 'bitorch_models',
    help: 'Models that this node knows, by their safety',
    labels: ['safety'],
    read: ({ network }) =>
      countBy(
        'safety',
        network.models.map(({ safety }) => safety),
      ),
  },
  {
    name: 'bitorch_model_bytes_held',
    help: 'Verified bytes of a model on this node',
    labels: ['model', 'id'],
    read: ({ network }) => byModel(network.transfers, ({ bytesHave }) => bytesHave),
  },
  {
    name: 'bitorch_model_bytes_total',
    help: 'Bytes of the whole model',
    labels: ['model', 'id'],
    read: ({ network }) => byModel(network.transfers, ({ bytesTotal }) => bytesTotal),
  },
  {
    name: 'bitorch_download_bytes_per_second',
    help: 'Payload that arrives of a model',
    labels: ['model', 'id'],
    read: ({ network }) => byModel(network.transfers, ({ downBytesPerSecond }) => downBytesPerSecond),
  },
  {
    name: 'bitorch_upload_bytes_per_second',
    help: 'Payload of a model that is sent to peers',
    labels: ['model', 'id'],
    read: ({ network }) => byModel(network.transfers, ({ upBytesPerSecond }) => upBytesPerSecond),
  },
  {
    name: 'bitorch_examinations_waiting',
    help: 'Models that wait to be examined by this security node',
    read: ({ security }) => one(security.examiner?.queue.length),
  },
  {
    name: 'bitorch_chain_height',
    help: 'Last block that this node has',
    read: ({ chain }) => one(chain?.height),
  },
  {
    name: 'bitorch_chain_best_height',
    help: 'Highest block that a peer says it has',
    read: ({ chain }) => one(chain?.bestHeight),
  },
  {
    name: 'bitorch_chain_finality_ms',
    help: 'Median time from a proposal to its finality, over the recent blocks',
    read: ({ chain }) => one(chain?.finalityMs),
  },
  {
    name: 'bitorch_chain_peers',
    help: 'Connected nodes of the chain',
    read: ({ chain }) => one(chain?.peers),
  },
  {
    name: 'bitorch_mempool_transactions',
    help: 'Transactions that wait for a block',
    read: ({ chain }) => one(chain?.mempool.transactions),
  },
  {
    name: 'bitorch_mempool_bytes',
    help: 'Bytes of the transactions that wait for a block',
    read: ({ chain }) => one(chain?.mempool.bytes),
  },
];

/** How long a text is shown again instead of a new one: each one looks at all nodes and models. */
const FRESH_MS = 1_000;

/** The node's metrics in the text format of Prometheus. */
export class Metrics {
  readonly #node: Pick<NodeApi, 'network' | 'security' | 'chain'>;
  readonly #monitor: LoopMonitor;
  readonly #now: () => number;
  #last: { at: number; text: Promise<string> } | undefined;

  /** `now`: milliseconds that only go on. */
  constructor(
    node: Pick<NodeApi, 'network' | 'security' | 'chain'>,
    monitor: LoopMonitor,
    now: () => number = () => performance.now(),
  ) {
    this.#node = node;
    this.#monitor = monitor;
    this.#now = now;
  }

  readonly contentType: string = Registry.PROMETHEUS_CONTENT_TYPE;

  /** The current text, at most a second old. */
  text(): Promise<string> {
    const at = this.#now();
    if (!this.#last || at - this.#last.at >= FRESH_MS) this.#last = { at, text: this.#read() };
    return this.#last.text;
  }

  async #read(): Promise<string> {
    const node = this.#node;
    const views: Views = {
      network: node.network(),
      security: node.security(),
      chain: node.chain(),
      monitor: this.#monitor,
    };
    const registry = new Registry();
    for (const { name, help, labels: labelNames = [], read } of METRICS) {
      const values = read(views);
      if (values.length === 0) continue;
      const gauge = new Gauge({ name, help, labelNames: [...labelNames], registers: [registry] });
      for (const { labels, value } of values) gauge.set(labels, value);
    }
    return registry.metrics();
  }
}
