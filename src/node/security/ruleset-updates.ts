import { codeOf, type Logger, messageOf, pause } from '#base';
import type { Host } from '#network';
import { askForRuleset, fetchRuleset, installRuleset, type WatchedRuleset } from '#security';
import type { Directory, KnownNode } from '../peers/directory.ts';

const LOOK_MS = 500;
/** Each node is asked this often what it goes by, a new one at once. */
const ASK_MS = 600_000;
const ASKED_AT_A_TIME = 8;
/** For all that are asked at a time, whatever each of them does. */
const ROUND_MS = 20_000;

/** A ruleset that this node could take: signed, and newer than its own. */
export interface NewerRuleset {
  readonly name: string;
  readonly version: number;
  /** Peer id of a node that has it. */
  readonly from: string;
}

interface UpdateDependencies {
  readonly host: Host;
  readonly directory: Directory;
  readonly rules: WatchedRuleset;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** Learns from other nodes of newer rules; takes them by itself only where its owner allows that. */
export class RulesetUpdates {
  readonly #home: string;
  readonly #automatic: boolean;
  readonly #dependencies: UpdateDependencies;
  readonly #askedAt = new Map<string, number>();
  #newer: NewerRuleset | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(options: { home: string; automatic: boolean }, dependencies: UpdateDependencies) {
    this.#home = options.home;
    this.#automatic = options.automatic;
    this.#dependencies = dependencies;
  }

  start(): void {
    this.#running = this.#run();
  }

  stop(): Promise<void> {
    return this.#running;
  }

  /** What others have and this node has not taken. */
  get newer(): NewerRuleset | undefined {
    const { rules } = this.#dependencies;
    return this.#newer && this.#newer.version > rules.current.version ? this.#newer : undefined;
  }

  async #run(): Promise<void> {
    const { signal } = this.#dependencies;
    while (!signal.aborted) {
      const due = this.#due().slice(0, ASKED_AT_A_TIME);
      if (due.length > 0) {
        const within = AbortSignal.any([signal, AbortSignal.timeout(ROUND_MS)]);
        await Promise.all(due.map((node) => this.#ask(node, within)));
      }
      await pause(LOOK_MS);
    }
  }

  #due(): KnownNode[] {
    const { directory, host } = this.#dependencies;
    for (const [id, at] of this.#askedAt) if (at + ASK_MS <= Date.now()) this.#askedAt.delete(id);
    const isDue = ({ id }: KnownNode) => !this.#askedAt.has(id);
    return directory.nodes().filter((node) => node.reachable && node.id !== host.id && isDue(node));
  }

  async #ask(node: KnownNode, signal: AbortSignal): Promise<void> {
    const { host, rules, log } = this.#dependencies;
    this.#askedAt.set(node.id, Date.now());
    try {
      const offer = await askForRuleset(host, node, signal);
      if (offer.version <= Math.max(rules.current.version, this.newer?.version ?? 0)) return;
      const { ruleset, file } = await fetchRuleset(host, node, offer, rules.trusted, signal);
      // Of several that are asked at once the highest counts.
      if (ruleset.version <= Math.max(rules.current.version, this.newer?.version ?? 0)) return;
      if (this.#automatic) {
        await installRuleset(this.#home, file, rules.trusted);
        await rules.refresh();
        log.info({ version: ruleset.version, from: node.id }, 'newer rules taken');
      } else this.#newer = { name: ruleset.name, version: ruleset.version, from: node.id };
    } catch (error) {
      if (this.#dependencies.signal.aborted) return;
      log.info({ peer: node.id, code: codeOf(error), error: messageOf(error) }, 'no newer rules obtained');
    }
  }
}
