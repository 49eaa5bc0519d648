/** A node whose every event is decided by the test: the outside world of the server and of the page. */
import { setTimeout as sleep } from 'node:timers/promises';
import type {
  AttestationView,
  AuditResult,
  ChainView,
  ChatEvent,
  ChatRequest,
  Hop,
  ModelView,
  NetworkView,
  NodeApi,
  NodeEvent,
  NodeView,
  ReportView,
  SecurityView,
  SettingsView,
  SetupView,
  ThreadsApi,
  WalletApi,
} from '#node';

export const HOPS: Hop[] = [
  { nodeId: 'n1', name: 'ember', first: 0, end: 10 },
  { nodeId: 'n2', name: 'birch', first: 10, end: 20 },
  { nodeId: 'n3', name: 'cedar', first: 20, end: 30 },
];

export const MODEL: ModelView = {
  id: 'smollm2-135m-instruct',
  name: 'SmolLM2-135M-Instruct',
  version: 1,
  licence: 'Apache-2.0',
  publisher: '12D3KooWPublisher',
  infohash: '7f3a9c0d5e1b2f4a6c8e0d1f3b5a7c9e0d2f4b6a',
  bytes: 93_400_000,
  layers: 30,
  context: 2048,
  available: true,
  safety: 'cleared',
};

const stage = ({ nodeId, name, first, end }: Hop): NodeView => ({
  id: nodeId,
  name,
  roles: ['seed', 'run'],
  state: 'online',
  lastSeen: Date.now(),
  self: false,
  holdings: [{ modelId: MODEL.id, bytesHave: 31_000_000, bytesTotal: MODEL.bytes, blocks: { first, end } }],
});

export function network(): NetworkView {
  const whole = { modelId: MODEL.id, bytesHave: MODEL.bytes, bytesTotal: MODEL.bytes };
  const common = { state: 'online' as const, lastSeen: Date.now() };
  return {
    self: { id: 'n0', name: 'hearth' },
    notices: [],
    nodes: [
      { ...common, id: 'n0', name: 'hearth', roles: ['client'], self: true, holdings: [] },
      { ...common, id: 'n4', name: 'spring', roles: ['seed'], self: false, holdings: [whole] },
      ...HOPS.map(stage),
    ],
    models: [MODEL],
    transfers: [
      {
        modelId: MODEL.id,
        infohash: MODEL.infohash,
        name: MODEL.name,
        bytesHave: 31_000_000,
        bytesTotal: MODEL.bytes,
        bytesWanted: 31_000_000,
        bytesWantedHave: 31_000_000,
        verified: true,
        downBytesPerSecond: 12_500_000,
        upBytesPerSecond: 3_200_000,
        peers: [
          { nodeId: 'n4', name: 'spring', downloaded: 24_000_000, uploaded: 0 },
          { nodeId: 'n1', name: 'ember', downloaded: 7_000_000, uploaded: 5_100_000 },
        ],
      },
    ],
  };
}

/** One security node, who has cleared the model. */
export const security = (): SecurityView => ({
  trust: [{ nodeId: 'n9', name: 'warden', online: true }],
  models: [
    { modelId: MODEL.id, name: MODEL.name, state: 'cleared', holders: 4, attestations: [attestation()] },
  ],
});

export const attestation = (changes: Partial<AttestationView> = {}): AttestationView => ({
  authority: { nodeId: 'n9', name: 'warden' },
  verdict: 'cleared',
  time: Date.now() - 40_000,
  report: '4b7d0a96e1c34f0f8d1f5a4e0c27bb1a90f3c8de67a2415fb90c7d23e8f6a1b0',
  ruleset: { name: 'bitorch', version: 1 },
  files: 1,
  bytes: MODEL.bytes,
  findings: [],
  trial: { state: 'passed', note: '', timeMs: 2400, peakMemoryBytes: 435_000_000, processes: 1, sockets: 0 },
  engines: [
    {
      name: 'ClamAV',
      state: 'missing',
      version: '',
      note: 'clamd does not run here: install and start clamav-daemon.',
    },
    { name: 'YARA', state: 'clean', version: '4.2.3', note: '' },
  ],
  check: { state: 'agrees', problems: [] },
  ...changes,
});

const SETTINGS: SettingsView = {
  roles: ['client', 'seed'],
  limits: { diskBytes: null, uploadRate: null, downloadRate: null, hours: null, pauseOnBattery: false },
  fixed: [],
  paused: null,
  power: 'mains',
  diskBytesHeld: 31_000_000,
};

const SETUP: SetupView = {
  steps: [
    { name: 'network', state: 'done' },
    { name: 'roles', state: 'open' },
    { name: 'limits', state: 'open' },
    { name: 'wallet', state: 'open', blocked: 'this node follows no chain: join a network first' },
    { name: 'reach', state: 'skipped' },
  ],
  next: 'roles',
  measurement: {
    state: 'done',
    result: {
      at: 1_790_000_000_000,
      cpu: { cores: 8, threads: 1, msPerBlock: 0.25, msPerToken: 7.5, reference: 'SmolLM2-135M', blocks: 30 },
      memory: { totalBytes: 16e9, freeBytes: 9e9 },
      disk: { totalBytes: 512e9, freeBytes: 200e9 },
      up: { bytesPerSecond: null, reason: 'no other computer is connected' },
      down: { bytesPerSecond: 12_500_000, reason: null },
      peers: 4,
    },
  },
  roles: [
    {
      role: 'client',
      proposed: true,
      reason: 'runs on any computer',
      cost: { text: 'Disk and memory.', diskBytes: null, memoryBytes: null },
      reward: { text: 'Chats.', paid: false },
    },
    {
      role: 'run',
      proposed: false,
      reason: 'your own work would slow down',
      cost: { text: 'Processor time.', diskBytes: 93_400_000, memoryBytes: 450_000_000 },
      reward: { text: 'Nothing is paid for this work yet.', paid: false },
    },
  ],
  hasNetwork: true,
  testNetwork: { name: 'test', available: false, text: 'This program knows no node of a test network.' },
};

export interface ScriptedNode extends NodeApi {
  /** Requests and signals of every chat, in order. */
  readonly chats: { request: ChatRequest; signal: AbortSignal }[];
  /** Sends an event to every open event stream. */
  emit(event: NodeEvent): void;
  setAudit(audit: AuditResult): void;
  /** Words that the next answers give; a function may throw or wait instead. */
  answer: (request: ChatRequest, signal: AbortSignal) => AsyncIterable<ChatEvent>;
  /** Undefined for a node that does not chat. */
  conversations: ThreadsApi | undefined;
  view: NetworkView;
  settingsView: SettingsView;
  setupView: SetupView;
  securityView: SecurityView;
  /** By their hashes. */
  reports: Map<string, ReportView>;
  /** Set them to give the node a chain. */
  chainView: ChainView | undefined;
  purse: WalletApi | undefined;
}

export function scriptedNode(): ScriptedNode {
  const listeners = new Set<(event: NodeEvent) => void>();
  const audits = new Map<string, AuditResult>();
  const node: ScriptedNode = {
    chats: [],
    view: network(),
    securityView: security(),
    reports: new Map(),
    conversations: undefined,
    chainView: undefined,
    purse: undefined,
    answer: () => saying('a1', ['Paris', ' is', ' the', ' capital.']),
    emit: (event) => {
      for (const listener of listeners) listener(event);
    },
    setAudit: (audit) => {
      audits.set(audit.answerId, audit);
      node.emit({ type: 'audit', audit });
    },
    invite: () => 'bitorch://join?scripted',
    join: async () => undefined,
    settingsView: SETTINGS,
    settings: async () => node.settingsView,
    changeSettings: async ({ roles, limits }) => {
      const { settingsView: before } = node;
      node.settingsView = {
        ...before,
        ...(roles && { roles }),
        limits: { ...before.limits, ...limits },
      } as SettingsView;
      return { settings: node.settingsView, restarts: roles !== undefined };
    },
    setupView: SETUP,
    setup: () => ({
      view: () => node.setupView,
      change: async (change) => {
        const { setupView: before } = node;
        const steps = before.steps.map((step) => ({ ...step, state: change.steps[step.name] ?? step.state }));
        const next = steps.find(({ state }) => state === 'open')?.name ?? null;
        node.setupView = { ...before, steps, next };
        return node.setupView;
      },
      measure: () => {
        const measurement = { state: 'running', progress: 0.4, doing: 'measuring the processor' } as const;
        node.setupView = { ...node.setupView, measurement };
        return measurement;
      },
      joinTestNetwork: async () => undefined,
    }),
    models: () => node.view.models,
    security: () => node.securityView,
    report: async (hash) => node.reports.get(hash),
    chain: () => node.chainView,
    wallet: () => node.purse,
    network: () => node.view,
    threads: () => node.conversations,
    doctor: async () => ({
      healthy: false,
      checks: [
        { name: 'disk', state: 'problem', text: '0.1 GB free', fix: 'free some' },
        { name: 'engine', state: 'ok', text: 'computes the same bits as the network' },
      ],
    }),
    metainfo: (id) => (id === MODEL.id ? new TextEncoder().encode('d4:infod4:name1:xee') : undefined),
    audit: (id) => audits.get(id),
    chat: (request, signal) => {
      node.chats.push({ request, signal });
      return node.answer(request, signal);
    },
    events: (signal) => eventsOf(listeners, signal),
  };
  return node;
}

async function* eventsOf(
  listeners: Set<(event: NodeEvent) => void>,
  signal: AbortSignal,
): AsyncGenerator<NodeEvent> {
  const queue: NodeEvent[] = [];
  let wake: () => void = () => undefined;
  const listener = (event: NodeEvent) => {
    queue.push(event);
    wake();
  };
  listeners.add(listener);
  signal.addEventListener('abort', () => wake());
  try {
    while (!signal.aborted) {
      yield* queue.splice(0);
      if (signal.aborted || queue.length > 0) continue;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  } finally {
    listeners.delete(listener);
  }
}

/** A whole answer, one token per text; `delayMs` before each token, so that a stop can come between. */
export async function* saying(
  answerId: string,
  texts: string[],
  { delayMs = 0, signal }: { delayMs?: number; signal?: AbortSignal } = {},
): AsyncGenerator<ChatEvent> {
  yield { type: 'route', answerId, model: MODEL.id, hops: HOPS, context: MODEL.context };
  yield { type: 'prefill', done: 12, total: 12 };
  let sent = 0;
  let cancelled = false;
  for (const text of texts) {
    if (delayMs > 0) await sleep(delayMs, undefined, { ...(signal && { signal }) }).catch(() => undefined);
    cancelled = signal?.aborted ?? false;
    if (cancelled) break;
    sent++;
    yield { type: 'token', text };
  }
  yield {
    type: 'done',
    reason: cancelled ? 'cancelled' : 'stop',
    promptTokens: 12,
    completionTokens: sent,
    timeToFirstTokenMs: 184.2,
    tokensPerSecond: 41.37,
  };
}

export const passedAudit = (answerId: string): AuditResult => ({
  answerId,
  state: 'passed',
  stage: HOPS[1]!,
  auditor: { nodeId: 'n3', name: 'cedar' },
  from: 0,
  to: 32,
  signed: '9f2c41d8a07be36655ac01f7743b0de29f2c41d8a07be36655ac01f7743b0de2',
  recomputed: '9f2c41d8a07be36655ac01f7743b0de29f2c41d8a07be36655ac01f7743b0de2',
  summary: 'cedar computed blocks 10–19 of positions 0–31 again and got the same bits as birch',
});

export const failedAudit = (answerId: string): AuditResult => ({
  ...passedAudit(answerId),
  state: 'failed',
  recomputed: '03b7fe11c2d94a8840e6d5aa917c22f003b7fe11c2d94a8840e6d5aa917c22f0',
  summary: 'cedar computed blocks 10–19 of positions 0–31 again and got other bits than birch signed',
});
