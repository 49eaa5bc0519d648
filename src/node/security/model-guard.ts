import { join } from 'node:path';
import { BitorchError, type Logger, messageOf, toHex } from '#base';
import { peerIdOf } from '#distribution';
import type { Host } from '#network';
import {
  type Attestation,
  AttestationExchange,
  Clearance,
  MAX_ASKED,
  type SealedAttestation,
  type Trust,
  type Unproven,
} from '#security';
import type { Directory, KnownNode } from '../peers/directory.ts';
import { ClearanceAge } from './clearance-age.ts';

const ASKED_AT_A_TIME = 4;
/** Clearances that are too old are looked for this often. */
const RECHECK_MS = 30_000;

export interface ModelGuardDependencies {
  readonly host: Host;
  readonly directory: Directory;
  readonly log: Logger;
}

/** Decides which models are cleared, which peers may have pieces of the others, and why a model is not cleared. */
export class ModelGuard {
  readonly clearance: Clearance;
  readonly #exchange: AttestationExchange;
  readonly #dependencies: ModelGuardDependencies;
  readonly #clearanceAge: ClearanceAge;
  #rechecking: NodeJS.Timeout | undefined;

  constructor(
    options: { home: string; trust: Trust; unproven: Unproven },
    dependencies: ModelGuardDependencies,
  ) {
    const { host, log } = dependencies;
    const folder = join(options.home, 'security', 'attestations');
    this.clearance = new Clearance({ ...options, folder }, { log });
    this.#exchange = new AttestationExchange({ host, clearance: this.clearance, log });
    this.#dependencies = dependencies;
    const { clearance } = this;
    const isCleared = (id: string) => clearance.stateOf(id) === 'cleared';
    this.#clearanceAge = new ClearanceAge({ cleared: () => clearance.manifests().filter(isCleared) });
  }

  async start(): Promise<void> {
    await this.clearance.open();
    await this.#exchange.start();
    const { log } = this.#dependencies;
    const warn = (error: unknown) =>
      log.warn({ error: messageOf(error) }, 'clearances were not asked for again');
    this.#rechecking = setInterval(() => this.recheck().catch(warn), RECHECK_MS);
  }

  stop(): Promise<void> {
    clearInterval(this.#rechecking);
    return this.clearance.close();
  }

  /** Whether this node's own word counts. */
  get isAuthority(): boolean {
    return this.clearance.trusts(this.#dependencies.host.id);
  }

  publish(sealed: SealedAttestation): Promise<void> {
    return this.#exchange.publish(sealed);
  }

  /**
   * Whether a peer of the swarm may exchange pieces of a model with us. Of a model that is not cleared only security
   * nodes get any, and they get them from those who hold it. BitTorrent proves no peer id: who lies about theirs gets
   * what they asked for, and no honest node asks.
   */
  admits(id: string, peerId: string): boolean {
    const { clearance } = this;
    if (clearance.allows(id)) return true;
    const isAuthority =
      clearance.trust !== 'none' && clearance.trust.some((node) => bitTorrentId(node) === peerId);
    return (
      isAuthority || (this.isAuthority && this.#holders(id).some((node) => bitTorrentId(node.id) === peerId))
    );
  }

  /** Throws MODEL_QUARANTINED for a model that must not be touched. */
  refuseQuarantined(id: string): void {
    const bad = this.clearance.about(id).find(({ verdict }) => verdict === 'quarantined');
    if (!bad || !this.isQuarantined(id)) return;
    const authority = this.#dependencies.directory.nameOf(bad.authority);
    throw new BitorchError(
      'MODEL_QUARANTINED',
      `${bad.name} was quarantined by ${authority}: ${sentenceOf(bad)}`,
      { model: id, authority: bad.authority },
    );
  }

  /** Throws MODEL_QUARANTINED, or MODEL_PENDING for a model that may not be run for others yet. */
  demandCleared(id: string): void {
    this.refuseQuarantined(id);
    if (this.clearance.allows(id)) return;
    const why =
      this.clearance.stateOf(id) === 'unreported'
        ? 'a security node has cleared this model, but its report cannot be fetched'
        : 'no security node has cleared this model yet';
    throw new BitorchError('MODEL_PENDING', `${why}, so it is not run for others`);
  }

  isQuarantined(id: string): boolean {
    return this.clearance.stateOf(id) === 'quarantined';
  }

  /** Asks authorities first, then holders, what is known about a model. */
  async ask(id: string): Promise<void> {
    const { directory, host } = this.#dependencies;
    const isAuthority = (node: KnownNode) => this.clearance.trusts(node.id);
    const { trust } = this.clearance;
    const trusted = trust === 'none' ? [] : trust.flatMap((one) => directory.find(one) ?? []);
    const authorities = trusted.filter(({ reachable }) => reachable);
    const others = this.#holders(id).filter((node) => !isAuthority(node));
    const asked = [...authorities, ...others].filter((node) => node.id !== host.id).slice(0, ASKED_AT_A_TIME);
    await Promise.all(asked.map((node) => this.#exchange.ask(node, [id])));
  }

  /**
   * Asks authorities again about clearances that were not confirmed for long. Only one that has cleared a model can confirm
   * that: another one may never have looked at it.
   */
  async recheck(): Promise<void> {
    const { directory, host } = this.#dependencies;
    const ids = this.#clearanceAge.due().slice(0, MAX_ASKED);
    if (ids.length === 0) return;
    const { trust } = this.clearance;
    const trusted = trust === 'none' ? [] : trust.flatMap((one) => directory.find(one) ?? []);
    const authorities = trusted.filter(({ id, reachable }) => reachable && id !== host.id);
    const asked = await Promise.all(
      authorities.map(async (node) => ((await this.#exchange.ask(node, ids)) ? [node.id] : [])),
    );
    const answered = new Set([host.id, ...asked.flat()]);
    this.#clearanceAge.confirm(
      ids.filter((id) => this.clearance.clearedBy(id).some((one) => answered.has(one))),
    );
  }

  #holders(id: string): KnownNode[] {
    return this.#dependencies.directory.holdersOf(id);
  }
}

const bitTorrentId = (nodeId: string): string => toHex(peerIdOf(nodeId));

/** The worst finding and its fix. */
function sentenceOf({ reasons, trial }: Attestation): string {
  const [worst] = reasons;
  if (!worst) return trial.note || 'it gives no reason.';
  const where = worst.file ? `${worst.file}: ` : '';
  const detail = worst.detail ? ` (${worst.detail})` : '';
  return `${where}${worst.title.toLowerCase()}${detail}. ${worst.fix}`;
}
