import { join } from 'node:path';
import { type Lifecycle, type Logger, type OnProgress, readTextFile } from '#base';
import type { SigningKey } from '#crypto';
import { peerIdOf, Swarm, Tracker } from '#distribution';
import { selfCheck } from '#execution';
import { Host, type ReachSettings } from '#network';
import type { Trust } from '#security';
import type { AuditResult, NodeEvent } from './api/node-api.ts';
import type { ChainService } from './chain/chain-service.ts';
import type { LightChainService } from './chain/light-chain-service.ts';
import { startChain } from './chain/start-chain.ts';
import { loadIdentity, loadValidatorKey } from './home/identity.ts';
import { ChatClient } from './inference/chat-client.ts';
import { StageServer } from './inference/stage-server.ts';
import { readNetwork } from './join/network-file.ts';
import { Limits, type LimitValues } from './limits/limits.ts';
import { Library } from './models/library.ts';
import { ModelFinder } from './models/model-finder.ts';
import type { LogRoom, NodeOptions } from './options.ts';
import { Membership } from './peers/membership.ts';
import { describeSelf } from './peers/self-description.ts';
import { ModelGuard } from './security/model-guard.ts';
import { SecurityService } from './security/security-service.ts';
import { ThreadFiles } from './threads/thread-files.ts';
import { ThreadStore } from './threads/thread-store.ts';
import { repair, Threads } from './threads/threads.ts';

/** The parts of a node, each fully constructed. */
export interface Services {
  readonly key: SigningKey;
  readonly host: Host;
  /** Announce URLs in use: the own tracker's and the configured ones. */
  readonly trackers: readonly string[];
  readonly membership: Membership;
  readonly guard: ModelGuard;
  readonly library: Library;
  readonly finder: ModelFinder;
  /** With the roles "run" and "audit". */
  readonly stages: StageServer | undefined;
  /** With the role "client". */
  readonly chat: ChatClient | undefined;
  readonly conversations: Threads | undefined;
  readonly security: SecurityService;
  readonly limits: Limits;
  readonly chain: ChainService | LightChainService | undefined;
}

export interface ServiceDependencies {
  readonly log: Logger;
  /** Stops the started parts in reverse order; its signal aborts everything that waits. */
  readonly lifecycle: Lifecycle;
  readonly onEvent: (event: NodeEvent) => void;
}

/** Starts a node's parts in order of dependency. Rejects with the first error. */
export async function startServices(options: NodeOptions, deps: ServiceDependencies): Promise<Services> {
  const { home, listen, linkPort, swarmHost, swarmPort, genesis, light, tlsCertificate, tlsKey } = options;
  const { lifecycle, onEvent } = deps;
  const logOf = (room: LogRoom) => deps.log.child({ room });
  const { signal } = lifecycle;
  const onProgress: OnProgress = (progress) => onEvent({ type: 'progress', ...progress });

  const key = await loadIdentity(home);
  const validatorKey = genesis !== undefined && !light ? await loadValidatorKey(home) : undefined;
  const tls = tlsCertificate && tlsKey ? await readTls(tlsCertificate, tlsKey) : undefined;
  const host = await Host.start(
    { key, listen, linkPort, tls, reach: reachOf(options) },
    { log: logOf('network') },
  );
  lifecycle.onStop(() => host.stop());
  const trackers = await startTracker(options, lifecycle);
  const budgetOf = (address: string) => host.budgetAt(address);
  const scopes = (await readNetwork(home))?.scopes ?? {};
  const swarmOptions = {
    ...{ host: swarmHost, port: swarmPort, peerId: peerIdOf(host.id) },
    trackerScopes: scopes,
  };
  const swarm = new Swarm(swarmOptions, { log: logOf('distribution'), budgetOf, host });
  await swarm.start();
  lifecycle.onStop(() => swarm.stop());

  const membership = new Membership({ ...options, scopes }, { host, key, log: logOf('peers') });
  const { directory } = membership;
  const trust = trustOf(options, host.id);
  const guard = new ModelGuard(
    { home, trust, unproven: options.unproven },
    { host, log: logOf('security'), directory },
  );
  await guard.start();
  lifecycle.onStop(() => guard.stop());
  const admits = (id: string, peerId: string) => guard.admits(id, peerId);
  const holdersOf = (id: string) => directory.holdersOf(id).filter((node) => node.id !== host.id);
  const library = new Library({ home, trackers }, { host, log: logOf('models'), swarm, admits, holdersOf });
  await library.start();
  lifecycle.onStop(() => library.stop());
  const selfId = host.id;
  const finder = new ModelFinder(options, { selfId, directory, library, guard, onProgress, signal });
  const obtain = (id: string, signal?: AbortSignal) => finder.obtain(id, signal);

  const { roles, threads, pin, context } = options;
  if (roles.some((role) => role !== 'seed')) await selfCheck();
  const hasStages = roles.includes('run') || roles.includes('audit');
  const stages = hasStages
    ? new StageServer(
        { threads, pin, context },
        {
          ...{ host, key, log: logOf('inference'), obtain, directory, guard, onProgress, signal },
          seed: (model) => library.seed(model),
        },
      )
    : undefined;
  if (stages) {
    lifecycle.onStop(() => stages.stop());
    await stages.start();
    library.onRefused((id) => void stages.withdraw(id));
  }
  let conversations: Threads | undefined;
  const onAudit = (audit: AuditResult) => {
    onEvent({ type: 'audit', audit });
    conversations?.audited(audit);
  };
  const chat = roles.includes('client')
    ? new ChatClient(options, {
        ...{ host, key, log: logOf('inference'), directory, guard, onAudit, signal },
      })
    : undefined;
  if (chat) lifecycle.onStop(() => chat.stop());
  conversations = chat && keepThreads(options, { chat, key, log: logOf('inference'), onEvent });
  lifecycle.onStop(() => conversations?.stop());
  const stopRunning = async (id: string) => stages?.withdraw(id);
  const security = await SecurityService.start(options, {
    ...{ host, key, log: logOf('security'), directory, library, guard },
    ...{ obtain, stopRunning, onProgress, signal },
  });
  lifecycle.onStop(() => security.stop());

  const limits = new Limits({ swarm, library, stages });
  lifecycle.onStop(() => limits.stop());
  const self = { host, swarm, library, stages, validatorKey: validatorKey?.publicKey };
  await membership.start(() => describeSelf(options, self));
  lifecycle.onStop(() => membership.stop());
  await limits.apply(limitsOf(options));
  const { contacts } = membership;
  const chain = await startChain(options, {
    ...{ host, contacts, log: logOf('chain'), directory, validatorKey, onEvent },
  });
  if (chain) lifecycle.onStop(() => chain.stop());
  return {
    host,
    key,
    trackers,
    membership,
    guard,
    library,
    finder,
    stages,
    chat,
    conversations,
    security,
    limits,
    chain,
  };
}

/** The conversations of the node's page, in its data directory. */
function keepThreads(
  { home, system }: Pick<NodeOptions, 'home' | 'system'>,
  {
    chat,
    key,
    log,
    onEvent,
  }: { chat: ChatClient } & Pick<ServiceDependencies, 'log' | 'onEvent'> & { key: SigningKey },
): Threads {
  const files = new ThreadFiles({ folder: join(home, 'threads'), seed: key.seed });
  const store = new ThreadStore(files, { log, repair });
  return new Threads(
    { system },
    {
      store,
      log,
      chat: (request, signal) => chat.chat(request, signal),
      onChange: (id) => onEvent({ type: 'thread', id }),
    },
  );
}

const limitsOf = ({
  diskBytes,
  uploadRate,
  downloadRate,
  hours,
  pauseOnBattery,
}: NodeOptions): LimitValues => ({
  diskBytes,
  uploadRate,
  downloadRate,
  hours,
  pauseOnBattery,
});

/** Announce URLs in use: that of the own tracker, if any, and those of the options. */
async function startTracker(
  { swarmHost, trackerPort, trackers }: Pick<NodeOptions, 'swarmHost' | 'trackerPort' | 'trackers'>,
  lifecycle: Lifecycle,
): Promise<readonly string[]> {
  if (trackerPort === undefined) return trackers;
  const tracker = new Tracker({ host: swarmHost, port: trackerPort });
  await tracker.start();
  lifecycle.onStop(() => tracker.stop());
  return [tracker.announceUrl, ...trackers];
}

/** Security nodes that this node trusts; with the role "security" this includes itself. */
function trustOf(
  { securityAuthorities, roles }: Pick<NodeOptions, 'securityAuthorities' | 'roles'>,
  selfId: string,
): Trust {
  if (securityAuthorities === 'none') return 'none';
  return roles.includes('security') ? [...new Set([...securityAuthorities, selfId])] : securityAuthorities;
}

const readTls = async (certificate: string, key: string): Promise<{ cert: string; key: string }> => ({
  cert: await readTextFile(certificate),
  key: await readTextFile(key),
});

/** What the options ask for; the rest depends on the addresses that the node listens on. */
function reachOf({ reach, announce, relay, portMapping, lan, dht }: NodeOptions): ReachSettings | undefined {
  const isOn = (value: 'on' | 'off' | undefined) => value && value === 'on';
  const assume = reach && ({ auto: 'nothing', direct: 'direct', relayed: 'unreachable' } as const)[reach];
  const switches = { relay: isOn(relay), portMapping: isOn(portMapping), lan: isOn(lan), dht: isOn(dht) };
  const given = { assume, announce, ...switches };
  return Object.values(given).some((value) => value !== undefined) ? given : undefined;
}
