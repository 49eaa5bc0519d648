import { fromHex, type Logger, messageOf, type OnProgress } from '#base';
import type { SigningKey } from '#crypto';
import type { Host } from '#network';
import { type Availability, sandboxAvailability, type Trust, WatchedRuleset } from '#security';
import type { SecurityView } from './api.ts';
import type { Directory } from './directory.ts';
import { Examining } from './examining.ts';
import { Guarding } from './guarding.ts';
import type { Library, Model } from './library.ts';
import type { NodeOptions } from './options.ts';
import { securityView } from './security-view.ts';

export interface SecurityDependencies {
  readonly host: Host;
  readonly key: SigningKey;
  readonly directory: Directory;
  readonly library: Library;
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress;
  /** The model with this manifest id, from this node or another. */
  readonly obtain: (id: string) => Promise<Model>;
  /** Ends whatever this node runs of a model for others. */
  readonly stopRunning: (id: string) => Promise<void>;
}

/** A node's part in security: its guard, and with the role "security" its examinations. */
export class SecurityPart {
  readonly guard: Guarding;
  readonly #options: NodeOptions;
  readonly #dependencies: SecurityDependencies;
  #examining: Examining | undefined;
  #sandbox: Availability | undefined;

  constructor(options: NodeOptions, dependencies: SecurityDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
    const onChange = (id: string) => this.#onNews(id);
    const trust = trustOf(options, dependencies.host.id);
    this.guard = new Guarding({ home: options.home, trust }, { ...dependencies, onChange });
  }

  async start(): Promise<void> {
    await this.guard.start();
    if (this.#options.roles.includes('security')) await this.#startExamining();
  }

  async stop(): Promise<void> {
    await this.#examining?.stop();
    await this.guard.stop();
  }

  view(): SecurityView {
    const { directory, library } = this.#dependencies;
    return securityView({
      guard: this.guard,
      directory,
      library,
      examining: this.#examining,
      sandbox: this.#sandbox,
    });
  }

  isQuarantined(id: string): boolean {
    return this.guard.clearance.stateOf(id) === 'quarantined';
  }

  /** Resolves when the model may be shared and run for others. Throws MODEL_QUARANTINED. */
  async untilCleared(id: string): Promise<void> {
    if (!this.guard.clearance.allows(id)) {
      this.#dependencies.onProgress({ step: 'waiting to be cleared', done: 0, total: 0, unit: 'files' });
    }
    await this.guard.untilCleared(id);
  }

  async #startExamining(): Promise<void> {
    const { home, clamd, rulesetKeys } = this.#options;
    const { host, log } = this.#dependencies;
    this.#sandbox = await sandboxAvailability();
    if (!this.#sandbox.available)
      log.warn({ reason: this.#sandbox.reason }, 'models are scanned, but not run');
    const rules = await WatchedRuleset.open(home, rulesetKeys.map(fromHex));
    this.#examining = new Examining(
      { home, clamd, rules },
      { ...this.#dependencies, selfId: host.id, guard: this.guard },
    );
    await this.#examining.start();
  }

  /** News about a model's safety: opens or closes its swarm, and stops running what is bad. */
  #onNews(id: string): void {
    const { directory, library, log, stopRunning } = this.#dependencies;
    library.review(id);
    directory.changed();
    if (!this.isQuarantined(id)) return;
    stopRunning(id).catch((error: unknown) => {
      log.error({ model: id, error: messageOf(error) }, 'quarantined model was not stopped cleanly');
    });
  }
}

/** A security node believes itself. */
function trustOf({ securityAuthorities, roles }: NodeOptions, selfId: string): Trust {
  if (securityAuthorities === 'none') return 'none';
  return roles.includes('security') ? [...new Set([...securityAuthorities, selfId])] : securityAuthorities;
}
