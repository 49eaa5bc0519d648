import { join } from 'node:path';
import {
  BitorchError,
  Broadcast,
  check,
  equalBytes,
  fromHex,
  Lifecycle,
  type Logger,
  type Progress,
} from '#base';
import type { SigningKey } from '#crypto';
import { Swarm, Tracker } from '#distribution';
import { type Executor, type Stage, selfCheck } from '#execution';
import { answerChainCall } from '#ledger';
import { Host } from '#network';
import type { Description } from './announcement.ts';
import type {
  AuditResult,
  ChainView,
  ChatEvent,
  ChatRequest,
  ModelView,
  NetworkView,
  NodeApi,
  NodeEvent,
  ReportView,
  SecurityView,
  StakeApi,
  WalletApi,
} from './api.ts';
import { ChainPart } from './chain/chain-part.ts';
import { LightPart } from './chain/light-part.ts';
import { Chatting } from './chatting.ts';
import type { Directory } from './directory.ts';
import { loadIdentity, loadValidatorKey } from './identity.ts';
import { Library, type Model } from './library.ts';
import { Membership } from './membership.ts';
import { changes, whatIsMissing } from './missing-model.ts';
import { type NodeOptions, type NodeSettings, nodeOptionsSchema } from './options.ts';
import { peerIdOf } from './peer-id.ts';
import { publish } from './publishing.ts';
import { Running } from './running.ts';
import { SecurityPart } from './security-part.ts';
import { sendViews } from './view-events.ts';
import { modelView, networkView } from './views.ts';

const MODEL_WAIT_MS = 500;
/** Models that a node without one asks about, those with the most holders. */
const MODELS_ASKED_ABOUT = 32;

export interface NodeDependencies {
  readonly log: Logger;
  /** Lets a test stand between a stage's blocks and its sessions. */
  readonly wrapStage?: (stage: Stage) => Executor;
}

/** One node of the network: everything it is made of, in the order in which it comes up. */
export class Node implements NodeApi {
  readonly #options: NodeOptions;
  readonly #log: Logger;
  readonly #wrapStage: ((stage: Stage) => Executor) | undefined;
  readonly #lifecycle = new Lifecycle();
  readonly #events = new Broadcast<NodeEvent>();
  #key!: SigningKey;
  #host!: Host;
  #swarm!: Swarm;
  #library!: Library;
  #membership!: Membership;
  #security!: SecurityPart;
  #running: Running | undefined;
  #chatting: Chatting | undefined;
  #chain: ChainPart | LightPart | undefined;
  #validatorKey: SigningKey | undefined;
  #trackers: string[];

  constructor(settings: NodeSettings, dependencies: NodeDependencies) {
    this.#options = check(nodeOptionsSchema, settings, 'options') as NodeOptions;
    this.#log = dependencies.log;
    this.#wrapStage = dependencies.wrapStage;
    this.#trackers = [...this.#options.trackers];
  }

  /** Comes up and is part of the network; `work` comes next. A failed start leaves nothing running. */
  async start(): Promise<void> {
    try {
      await this.#startNetwork();
      await this.#startDistribution();
      await this.#startRoles();
      await this.#membership.start();
      this.#lifecycle.onStop(() => this.#membership.stop());
      await this.#startChain();
      const views = { network: () => this.network(), security: () => this.security() };
      this.#lifecycle.onStop(sendViews(this.#events, views));
    } catch (error) {
      await this.stop().catch(() => undefined);
      throw error;
    }
  }

  /**
   * Publishes, seeds, runs or loads for chats, as the roles say; resolves when all of that is done or under way. `onWait`
   * hears what this waits for, each time that changes.
   */
  async work(onWait: (reason: string) => void = () => undefined): Promise<void> {
    const { threads, pin, roles, blocks, slots, context } = this.#options;
    const { signal } = this.#lifecycle;
    const idle = ['audit', 'validate', 'security'];
    if (!this.#options.publish && roles.every((role) => idle.includes(role))) return;
    const model = this.#options.publish
      ? await this.#publish(this.#options.publish)
      : await this.#awaitModel(onWait);
    // What is not cleared runs for this node only, which published it.
    if (roles.includes('run') && !this.#security.isQuarantined(model.id)) {
      const [first, end] = blocks ?? [0, model.manifest.architecture.layers];
      await this.#running!.offer(model, { first, end, slots, context, threads, pin }, this.#wrapStage);
    } else if (roles.includes('seed')) {
      model.torrent.want('all');
    }
    if (roles.includes('client'))
      await this.#chatting!.load(model, { threads, pin, onProgress: this.#progress, signal });
    this.#directory.changed();
  }

  stop(): Promise<void> {
    return this.#lifecycle.stop();
  }

  get id(): string {
    return this.#host.id;
  }

  get addresses(): string[] {
    return this.#host.addresses;
  }

  /** Announce URLs that this node uses: its own tracker's and the configured ones. */
  get trackers(): readonly string[] {
    return this.#trackers;
  }

  models(): ModelView[] {
    return this.#library.all().map((model) => modelView(model, this.#directory, this.#security.guard));
  }

  network(): NetworkView {
    return networkView({ selfId: this.id, ...this.#views });
  }

  metainfo(modelId: string): Uint8Array | undefined {
    return this.#library.find(modelId)?.metainfo.bytes;
  }

  chat(request: ChatRequest, signal: AbortSignal): AsyncIterable<ChatEvent> {
    if (!this.#chatting)
      throw new BitorchError(
        'NOT_A_CLIENT',
        `this node does not chat: its roles are ${this.#options.roles.join(', ')}. Start it with --roles ${[...this.#options.roles, 'client'].join(',')}`,
      );
    return this.#chatting.chat(request, AbortSignal.any([signal, this.#lifecycle.signal]));
  }

  audit(answerId: string): AuditResult | undefined {
    return this.#chatting?.audit(answerId);
  }

  security(): SecurityView {
    return this.#security.view();
  }

  report(hash: string): Promise<ReportView | undefined> {
    return this.#security.report(hash);
  }

  chain(): ChainView | undefined {
    return this.#chain?.view;
  }

  wallet(): WalletApi | undefined {
    return this.#chain?.wallet;
  }

  stake(): StakeApi | undefined {
    return this.#chain?.stake;
  }

  async walletChain(question: string, bytes: Uint8Array): Promise<Uint8Array> {
    if (!this.#chain)
      throw new BitorchError('NO_CHAIN', 'this node follows no chain: start it with a genesis file');
    return answerChainCall(this.#chain.walletChain, question, bytes);
  }

  events(signal: AbortSignal): AsyncIterable<NodeEvent> {
    return this.#events.subscribe(AbortSignal.any([signal, this.#lifecycle.signal]));
  }

  /** Calls back for every event until the returned function is called. */
  onEvent(listener: (event: NodeEvent) => void): () => void {
    return this.#events.on(listener);
  }

  async #startNetwork(): Promise<void> {
    const { home, listen, linkPort, genesis, light } = this.#options;
    this.#key = await loadIdentity(home);
    if (genesis !== undefined && !light) this.#validatorKey = await loadValidatorKey(home);
    this.#host = await Host.start({ key: this.#key, listen, linkPort }, { log: this.#log });
    this.#lifecycle.onStop(() => this.#host.stop());
  }

  async #startDistribution(): Promise<void> {
    const { home, swarm, trackerPort } = this.#options;
    if (trackerPort !== undefined) {
      const tracker = new Tracker({ host: swarm.host, port: trackerPort });
      await tracker.start();
      this.#lifecycle.onStop(() => tracker.stop());
      this.#trackers.unshift(tracker.announceUrl);
    }
    this.#swarm = new Swarm({ ...swarm, peerId: peerIdOf(this.#host.id) }, { log: this.#log });
    await this.#swarm.start();
    this.#lifecycle.onStop(() => this.#swarm.stop());
    const shared = { host: this.#host, log: this.#log };
    const admits = (id: string, peerId: string) => this.#security.guard.admits(id, peerId);
    this.#library = new Library(
      { home, trackers: this.#trackers },
      { ...shared, swarm: this.#swarm, admits, onRefused: (id) => void this.#running?.withdraw(id) },
    );
    this.#membership = new Membership(this.#options, {
      ...shared,
      key: this.#key,
      describeSelf: () => this.#announcement(),
    });
    this.#security = new SecurityPart(this.#options, {
      ...shared,
      key: this.#key,
      directory: this.#directory,
      library: this.#library,
      obtain: (id) => this.#obtain(id),
      stopRunning: async (id) => this.#running?.withdraw(id),
      onProgress: this.#progress,
      signal: this.#lifecycle.signal,
    });
    await this.#security.start();
    this.#lifecycle.onStop(() => this.#security.stop());
    await this.#library.start();
    this.#lifecycle.onStop(() => this.#library.stop());
  }

  async #startRoles(): Promise<void> {
    const { roles, threads, pin, context } = this.#options;
    const obtain = (id: string) => this.#obtain(id);
    const process = { onProgress: this.#progress, signal: this.#lifecycle.signal };
    const shared = { host: this.#host, key: this.#key, log: this.#log, obtain, ...process };
    if (roles.some((role) => role !== 'seed')) await selfCheck();
    if (roles.includes('run') || roles.includes('audit')) {
      const onChange = () => this.#directory.changed();
      const demandCleared = (id: string) => this.#security.guard.demandCleared(id);
      const locate = (id: string) => this.#directory.find(id);
      this.#running = new Running({ threads, pin, context }, { ...shared, locate, demandCleared, onChange });
      await this.#running.start();
      this.#lifecycle.onStop(() => this.#running!.stop());
    }
    if (roles.includes('client')) {
      const refuseQuarantined = (id: string) => this.#security.guard.refuseQuarantined(id);
      const onAudit = (audit: AuditResult) => this.#events.publish({ type: 'audit', audit });
      this.#chatting = new Chatting(this.#options, {
        ...shared,
        directory: this.#directory,
        onAudit,
        refuseQuarantined,
      });
      this.#lifecycle.onStop(() => this.#chatting!.stop());
    }
  }

  async #startChain(): Promise<void> {
    const { home, genesis, walletPassword, bootstrap: contacts, roles, light, trust } = this.#options;
    const validates = roles.includes('validate');
    if (light && validates)
      throw new BitorchError(
        'OPTION_INVALID',
        'a validator keeps the blocks of its chain: leave out --light',
      );
    if (genesis === undefined) {
      if (!validates && !light) return;
      throw new BitorchError(
        'GENESIS_MISSING',
        'to follow a chain takes the genesis file of its network: give --genesis',
      );
    }
    const shared = { host: this.#host, log: this.#log };
    const onEvent = (event: NodeEvent) => this.#events.publish(event);
    const { chainRest: restMs } = this.#options;
    const options = { home, genesis, walletPassword, contacts, trust, restMs };
    const nameOf = (validator: Uint8Array) => this.#nameOfValidator(validator);
    const chain = light
      ? await LightPart.start(options, { ...shared, onEvent })
      : await ChainPart.start(options, { ...shared, key: this.#validatorKey!, nameOf, onEvent });
    this.#chain = chain;
    this.#lifecycle.onStop(() => chain.stop());
  }

  #nameOfValidator(key: Uint8Array): string | undefined {
    const runs = (node: Description) => node.validator !== null && equalBytes(node.validator, key);
    return this.#directory.nodes().find(runs)?.name;
  }

  async #publish(source: string): Promise<Model> {
    const { home, cache, hub, threads } = this.#options;
    const options = { source, cache: cache ?? join(home, 'cache'), hub, trackers: this.#trackers, threads };
    const { signal } = this.#lifecycle;
    const model = await publish(options, {
      key: this.#key,
      library: this.#library,
      onProgress: this.#progress,
      signal,
    });
    this.#directory.changed();
    return model;
  }

  /** The model that the options name, or the first cleared one that anybody holds, as soon as somebody does. */
  async #awaitModel(onWait: (reason: string) => void): Promise<Model> {
    const tell = changes(onWait);
    for (;;) {
      this.#lifecycle.signal.throwIfAborted();
      const id = this.#options.model ?? (await this.#anyCleared());
      const cleared = id !== undefined && this.#security.guard.clearance.allows(id);
      const held =
        cleared && (this.#library.find(id) ?? (this.#holders(id).length > 0 && (await this.#obtain(id))));
      if (held) return held;
      tell(
        whatIsMissing(
          this.#options,
          this.#directory.nodes().filter((node) => node.id !== this.id),
        ),
      );
      if (this.#options.model) await this.#security.untilCleared(this.#options.model);
      await new Promise((resolve) => setTimeout(resolve, MODEL_WAIT_MS));
    }
  }

  async #anyCleared(): Promise<string | undefined> {
    const ids = this.#directory.mostHeld(MODELS_ASKED_ABOUT);
    await Promise.all(
      ids
        .filter((id) => !this.#security.guard.clearance.allows(id))
        .map((id) => this.#security.guard.ask(id)),
    );
    return ids.find((id) => this.#security.guard.clearance.allows(id));
  }

  /** What views are made of. */
  get #views() {
    const { directory, notices } = this.#membership;
    return { directory, notices, library: this.#library, guard: this.#security.guard };
  }

  get #directory(): Directory {
    return this.#membership.directory;
  }

  #holders(id: string) {
    return this.#directory.holdersOf(id).filter((node) => node.id !== this.id);
  }

  #obtain(id: string): Promise<Model> {
    return this.#library.obtain(id, this.#holders(id));
  }

  #announcement(): Description {
    const { roles, name } = this.#options;
    return {
      id: this.id,
      name: name || `node ${this.id.slice(-6)}`,
      roles,
      addresses: this.addresses,
      time: Date.now(),
      audits: this.#running !== undefined,
      validator: this.#validatorKey?.publicKey ?? null,
      swarmPort: this.#swarm.port,
      holdings: this.#library.all().map((model) => {
        const { bytesHave, bytesTotal } = model.torrent.progress();
        return {
          manifest: fromHex(model.id),
          bytesHave,
          bytesTotal,
          blocks: this.#running?.blocksOf(model) ?? null,
        };
      }),
    };
  }

  readonly #progress = (progress: Progress): void => this.#events.publish({ type: 'progress', ...progress });
}
