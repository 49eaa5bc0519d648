import { join } from 'node:path';
import { fromHex, type Logger, messageOf, type OnProgress } from '#base';
import type { SigningKey } from '#crypto';
import type { Host } from '#network';
import {
  type Availability,
  answerWithRuleset,
  DocumentExchange,
  ReportStore,
  sandboxAvailability,
  type Trust,
  WatchedRuleset,
} from '#security';
import type { ReportView, SecurityView } from './api.ts';
import type { Directory } from './directory.ts';
import { Examining } from './examining.ts';
import { Guarding } from './guarding.ts';
import type { Library, Model } from './library.ts';
import type { NodeOptions } from './options.ts';
import { ReportChecks } from './report-checks.ts';
import { RulesetUpdates } from './ruleset-updates.ts';
import { reportView, securityView } from './security-view.ts';

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
  readonly #reports: ReportStore;
  readonly #checks: ReportChecks;
  #rules!: WatchedRuleset;
  #updates: RulesetUpdates | undefined;
  #examining: Examining | undefined;
  #sandbox: Availability | undefined;

  constructor(options: NodeOptions, dependencies: SecurityDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
    const onChange = (id: string) => this.#onNews(id);
    const trust = trustOf(options, dependencies.host.id);
    this.guard = new Guarding(
      { home: options.home, trust, unproven: options.unproven },
      { ...dependencies, onChange },
    );
    this.#reports = new ReportStore(join(options.home, 'security', 'reports'));
    this.#checks = new ReportChecks({ ...dependencies, guard: this.guard, reports: this.#reports });
  }

  async start(): Promise<void> {
    await this.guard.start();
    await this.#startDocuments();
    if (this.#options.roles.includes('security')) await this.#startExamining();
  }

  async stop(): Promise<void> {
    await this.#examining?.stop();
    await this.#updates?.stop();
    await this.#checks.stop();
    await this.guard.stop();
  }

  /** The whole report with this hash (hexadecimal), if it is here. */
  async report(hash: string): Promise<ReportView | undefined> {
    const report = await this.#reports.find(fromHex(hash));
    return report && reportView(hash, report);
  }

  view(): SecurityView {
    const { directory, library } = this.#dependencies;
    return securityView({
      guard: this.guard,
      directory,
      library,
      examining: this.#examining,
      sandbox: this.#sandbox,
      checks: this.#checks,
      updates: this.#updates,
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

  /** Reports and rulesets are served to whoever asks; reports of others are fetched and checked. */
  async #startDocuments(): Promise<void> {
    const { home, rulesetKeys, rulesetUpdates, roles } = this.#options;
    const { host } = this.#dependencies;
    const rules = await WatchedRuleset.open(home, rulesetKeys.map(fromHex));
    this.#rules = rules;
    const report = (hash: Uint8Array) => this.#reports.bytes(hash);
    await new DocumentExchange({ report, ruleset: (id) => rules.file(id) }, { host }).start();
    await answerWithRuleset(host, async () => {
      // Who examines looks for newer rules all the time, and tells what is wrong with them.
      if (!roles.includes('security')) await rules.refresh().catch(() => undefined);
      return rules.current;
    });
    this.#checks.start();
    const automatic = rulesetUpdates === 'auto';
    if (!automatic && !roles.includes('security')) return;
    this.#updates = new RulesetUpdates({ home, automatic }, { ...this.#dependencies, rules });
    this.#updates.start();
  }

  async #startExamining(): Promise<void> {
    const { home, clamd, examinationBytes, model, roles } = this.#options;
    const { host, log } = this.#dependencies;
    this.#sandbox = await sandboxAvailability();
    if (!this.#sandbox.available)
      log.warn({ reason: this.#sandbox.reason }, 'models are scanned, but not run');
    this.#examining = new Examining(
      { home, clamd, rules: this.#rules, room: examinationBytes, proves: this.#sandbox.available },
      {
        ...this.#dependencies,
        selfId: host.id,
        guard: this.guard,
        reports: this.#reports,
        // Other roles keep models of their own.
        isUsed: (id) => id === model || roles.includes('run') || roles.includes('client'),
      },
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
