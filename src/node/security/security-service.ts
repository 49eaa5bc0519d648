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
  WatchedRuleset,
} from '#security';
import type { ReportView, SecurityView } from '../api/node-api.ts';
import type { Library, Model } from '../models/library.ts';
import type { NodeOptions } from '../options.ts';
import type { Directory } from '../peers/directory.ts';
import { Examiner } from './examiner.ts';
import type { ModelGuard } from './model-guard.ts';
import { ReportChecker } from './report-checker.ts';
import { RulesetUpdates } from './ruleset-updates.ts';
import { reportView, securityView } from './security-view.ts';

export interface SecurityDependencies {
  readonly host: Host;
  readonly key: SigningKey;
  readonly guard: ModelGuard;
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

/** What a node does for security beside guarding: it checks reports of others and, with the role "security", examines models. */
export class SecurityService {
  readonly #options: NodeOptions;
  readonly #dependencies: SecurityDependencies;
  readonly #reports: ReportStore;
  readonly #checks: ReportChecker;
  readonly #rules: WatchedRuleset;
  #updates: RulesetUpdates | undefined;
  #examiner: Examiner | undefined;
  #sandbox: Availability | undefined;

  private constructor(options: NodeOptions, dependencies: SecurityDependencies, rules: WatchedRuleset) {
    this.#options = options;
    this.#dependencies = dependencies;
    this.#rules = rules;
    this.#reports = new ReportStore(join(options.home, 'security', 'reports'));
    this.#checks = new ReportChecker({ ...dependencies, reports: this.#reports });
  }

  /** Begins to answer others and, with the role "security", to examine. */
  static async start(options: NodeOptions, dependencies: SecurityDependencies): Promise<SecurityService> {
    const rules = await WatchedRuleset.open(options.home, options.rulesetKeys.map(fromHex));
    const security = new SecurityService(options, dependencies, rules);
    dependencies.guard.clearance.onChange((id) => security.#onNews(id));
    await security.#startDocuments();
    if (options.roles.includes('security')) await security.#startExamining();
    return security;
  }

  async stop(): Promise<void> {
    await this.#examiner?.stop();
    await this.#updates?.stop();
    await this.#checks.stop();
  }

  /** The whole report with this hash (hexadecimal), if it is here. */
  async report(hash: string): Promise<ReportView | undefined> {
    const report = await this.#reports.find(fromHex(hash));
    return report && reportView(hash, report);
  }

  view(): SecurityView {
    const { directory, library, guard } = this.#dependencies;
    return securityView({
      guard,
      directory,
      library,
      examining: this.#examiner,
      sandbox: this.#sandbox,
      checks: this.#checks,
      updates: this.#updates,
    });
  }

  /** Reports and rulesets are served to whoever asks; reports of others are fetched and checked. */
  async #startDocuments(): Promise<void> {
    const { home, rulesetUpdates, roles } = this.#options;
    const { host } = this.#dependencies;
    const rules = this.#rules;
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
    this.#examiner = new Examiner(
      { home, clamd, rules: this.#rules, room: examinationBytes, proves: this.#sandbox.available },
      {
        ...this.#dependencies,
        selfId: host.id,
        reports: this.#reports,
        // Other roles keep models of their own.
        isUsed: (id) => id === model || roles.includes('run') || roles.includes('client'),
      },
    );
    await this.#examiner.start();
  }

  /** News about a model's safety: opens or closes its swarm, and stops running what is bad. */
  #onNews(id: string): void {
    const { guard, directory, library, log, stopRunning } = this.#dependencies;
    library.review(id);
    directory.changed();
    if (!guard.isQuarantined(id)) return;
    stopRunning(id).catch((error: unknown) => {
      log.error({ model: id, error: messageOf(error) }, 'quarantined model was not stopped cleanly');
    });
  }
}
