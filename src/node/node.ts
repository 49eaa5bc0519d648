import { join } from 'node:path';
import { BitorchError, Broadcast, check, Lifecycle, type Logger, type Progress } from '#base';
import type { Executor, Stage } from '#execution';
import { answerChainCall } from '#ledger';
import type {
  AuditResult,
  ChainView,
  ChatEvent,
  ChatRequest,
  DoctorView,
  ModelView,
  NetworkView,
  NodeApi,
  NodeEvent,
  ReportView,
  SecurityView,
  SettingsChange,
  SettingsChanged,
  SettingsView,
  SetupApi,
  StakeApi,
  ThreadsApi,
  WalletApi,
} from './api/node-api.ts';
import { sendViews } from './api/view-events.ts';
import { examineNode } from './doctor/examine-node.ts';
import { Invites } from './join/invites.ts';
import type { Model } from './models/library.ts';
import { publish } from './models/publish.ts';
import { type NodeOptions, type NodeSettings, nodeOptionsSchema } from './options.ts';
import { modelView, networkView } from './peers/views.ts';
import { type Services, startServices } from './services.ts';
import { RunningSettings } from './settings/settings.ts';
import { openNodeSetup } from './setup/node-setup.ts';
import type { Setup } from './setup/setup.ts';

/** Roles that need no local model. */
const ROLES_WITHOUT_MODEL = ['audit', 'validate', 'security'];

export interface NodeDependencies {
  readonly log: Logger;
  /** Receives every event from the start on. */
  readonly onEvent?: (event: NodeEvent) => void;
  /** Names of options that flags or variables decide, so that they cannot be changed while the node runs. */
  readonly fixed?: readonly string[];
  /** Stops the node when aborted during the start. */
  readonly signal?: AbortSignal;
  /** Lets a test wrap a stage's blocks. */
  readonly wrapStage?: (stage: Stage) => Executor;
}

/** One node of the network, as its owner uses it; services.ts composes its parts. */
export class Node implements NodeApi {
  readonly #options: NodeOptions;
  readonly #services: Services;
  readonly #settings: RunningSettings;
  readonly #setup: Setup;
  readonly #invites: Invites;
  readonly #lifecycle: Lifecycle;
  readonly #events: Broadcast<NodeEvent>;
  readonly #wrapStage: ((stage: Stage) => Executor) | undefined;

  private constructor(parts: {
    options: NodeOptions;
    services: Services;
    setup: Setup;
    invites: Invites;
    fixed: readonly string[];
    lifecycle: Lifecycle;
    events: Broadcast<NodeEvent>;
    wrapStage: ((stage: Stage) => Executor) | undefined;
  }) {
    this.#options = parts.options;
    this.#services = parts.services;
    const { home, roles } = parts.options;
    this.#settings = new RunningSettings({ home, roles, fixed: parts.fixed }, parts.services);
    this.#setup = parts.setup;
    this.#invites = parts.invites;
    this.#lifecycle = parts.lifecycle;
    this.#events = parts.events;
    this.#wrapStage = parts.wrapStage;
    this.#lifecycle.onStop(sendViews(this.#events, this));
  }

  /** Starts the node and joins the network; call `work` next. A failed start leaves nothing running. */
  static async start(settings: NodeSettings, dependencies: NodeDependencies): Promise<Node> {
    const { log, wrapStage, onEvent, fixed = [], signal } = dependencies;
    const options = check(nodeOptionsSchema, settings, 'options') as NodeOptions;
    const events = new Broadcast<NodeEvent>();
    if (onEvent) events.on(onEvent);
    const lifecycle = new Lifecycle();
    try {
      const publishEvent = (event: NodeEvent) => events.publish(event);
      const services = await startServices(options, { log, lifecycle, onEvent: publishEvent });
      signal?.throwIfAborted();
      const invites = new Invites(options.home, services, lifecycle.signal);
      const join = (invite: string) => invites.accept(invite);
      const setup = await openNodeSetup(options, services, { fixed, join });
      lifecycle.onStop(() => setup.stop());
      return new Node({ options, services, setup, invites, fixed, lifecycle, events, wrapStage });
    } catch (error) {
      await lifecycle.stop().catch(() => undefined);
      throw error;
    }
  }

  /**
   * Publishes, seeds, runs blocks or loads a model for chats, depending on the roles; resolves when all of that is done or
   * in progress. `onWait` is called with the reason each time the reason for waiting changes.
   */
  async work(onWait: (reason: string) => void = () => undefined): Promise<void> {
    const { threads, pin, roles, blocks, slots, context, publish: source } = this.#options;
    const { guard, finder, library, stages, chat, membership } = this.#services;
    if (!source && roles.every((role) => ROLES_WITHOUT_MODEL.includes(role))) return;
    const model = source ? await this.#publish(source) : await finder.await(onWait);
    // An uncleared model runs only for this node, which published it.
    if (stages && roles.includes('run') && !guard.isQuarantined(model.id)) {
      const [first, end] = blocks ?? [0, model.manifest.architecture.layers];
      await stages.offer(model, { first, end, slots, context, threads, pin }, this.#wrapStage);
    } else if (roles.includes('seed')) {
      library.seed(model);
    }
    const { signal } = this.#lifecycle;
    await chat?.load(model, { threads, pin, onProgress: this.#progress, signal });
    membership.directory.changed();
  }

  stop(): Promise<void> {
    return this.#lifecycle.stop();
  }

  get id(): string {
    return this.#services.host.id;
  }

  get addresses(): string[] {
    return this.#services.host.addresses;
  }

  /** Announce URLs in use: the own tracker's and the configured ones. */
  get trackers(): readonly string[] {
    return this.#services.trackers;
  }

  models(): ModelView[] {
    const { library, membership, guard } = this.#services;
    return library.all().map((model) => modelView(model, membership.directory, guard));
  }

  network(): NetworkView {
    const { host, membership, library, guard } = this.#services;
    const { directory, notices } = membership;
    return networkView({ host, directory, notices, library, guard });
  }

  invite(): string {
    return this.#invites.make();
  }

  join(invite: string, consent?: { acceptRisks?: boolean }): Promise<void> {
    return this.#invites.accept(invite, consent);
  }

  settings(): Promise<SettingsView> {
    return this.#settings.view();
  }

  changeSettings(change: SettingsChange): Promise<SettingsChanged> {
    return this.#settings.change(change);
  }

  setup(): SetupApi {
    return this.#setup;
  }

  metainfo(modelId: string): Uint8Array | undefined {
    return this.#services.library.find(modelId)?.metainfo.bytes;
  }

  chat(request: ChatRequest, signal: AbortSignal): AsyncIterable<ChatEvent> {
    const { chat } = this.#services;
    if (chat) return chat.chat(request, AbortSignal.any([signal, this.#lifecycle.signal]));
    const { roles } = this.#options;
    throw new BitorchError(
      'NOT_A_CLIENT',
      `this node does not chat: its roles are ${roles.join(', ')}. Start it with --roles ${[...roles, 'client'].join(',')}`,
    );
  }

  threads(): ThreadsApi | undefined {
    return this.#services.conversations;
  }

  audit(answerId: string): AuditResult | undefined {
    return this.#services.chat?.audit(answerId);
  }

  security(): SecurityView {
    return this.#services.security.view();
  }

  report(hash: string): Promise<ReportView | undefined> {
    return this.#services.security.report(hash);
  }

  chain(): ChainView | undefined {
    return this.#services.chain?.view;
  }

  wallet(): WalletApi | undefined {
    return this.#services.chain?.wallet;
  }

  stake(): StakeApi | undefined {
    return this.#services.chain?.stake;
  }

  async walletChain(question: string, bytes: Uint8Array): Promise<Uint8Array> {
    const { chain } = this.#services;
    if (!chain)
      throw new BitorchError('NO_CHAIN', 'this node follows no chain: start it with a genesis file');
    return answerChainCall(chain.walletChain, question, bytes);
  }

  doctor(): Promise<DoctorView> {
    return examineNode(this.#options, this.#services);
  }

  events(signal: AbortSignal): AsyncIterable<NodeEvent> {
    return this.#events.subscribe(AbortSignal.any([signal, this.#lifecycle.signal]));
  }

  /** Calls back for every event until the returned function is called. */
  onEvent(listener: (event: NodeEvent) => void): () => void {
    return this.#events.on(listener);
  }

  async #publish(source: string): Promise<Model> {
    const { home, cache = join(home, 'cache'), hub, threads } = this.#options;
    const { key, library, trackers, membership } = this.#services;
    const model = await publish(
      { source, cache, hub, trackers, threads },
      { key, library, onProgress: this.#progress, signal: this.#lifecycle.signal },
    );
    membership.directory.changed();
    return model;
  }

  readonly #progress = (progress: Progress): void => this.#events.publish({ type: 'progress', ...progress });
}
