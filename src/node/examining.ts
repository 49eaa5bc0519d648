import { join } from 'node:path';
import { codeOf, fromHex, type Logger, messageOf, type OnProgress, type Progress, toHex } from '#base';
import type { SigningKey } from '#crypto';
import { fileAccess } from '#formats';
import {
  ClamAv,
  type Engine,
  type Examination,
  ExaminationCache,
  examine,
  type ReportStore,
  type Ruleset,
  sealAttestation,
  type WatchedRuleset,
  Yara,
} from '#security';
import type { Directory, KnownNode } from './directory.ts';
import type { Guarding } from './guarding.ts';
import { fetchRanges, type Library, type Model } from './library.ts';
import { byUse, type ModelUse, usesOf } from './model-use.ts';
import { type Rescan, RulesetReview } from './ruleset-review.ts';

const IDLE_MS = 300;
/** A model that could not be had is tried again after this long, and twice as long after each failure. */
const RETRY_MS = 5_000;
const MAX_RETRY_MS = 600_000;
/** Models beyond this are left pending. */
const MAX_MODEL_BYTES = 256 * 2 ** 30;
/** To fetch, beside what the bytes need at FETCH_BYTES_PER_MS. */
const FETCH_MS = 60_000;
const FETCH_BYTES_PER_MS = 200;

export interface ExamineDependencies {
  /** This node's peer id, and the key that it is made of. */
  readonly selfId: string;
  readonly key: SigningKey;
  readonly guard: Guarding;
  readonly directory: Directory;
  readonly library: Library;
  readonly reports: ReportStore;
  readonly obtain: (id: string) => Promise<Model>;
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress;
}

/** One model of the queue. */
export interface QueueEntry {
  readonly id: string;
  readonly name: string;
  readonly use: ModelUse;
  readonly reason: 'new' | 'new rules' | 'failed before';
  readonly step?: Progress;
  readonly problem?: string;
  /** What of the new rules is about it. */
  readonly affected?: string;
}

interface Failure {
  readonly problem: string;
  readonly times: number;
  readonly retryAt: number;
}

/** The role "security": examines every model that somebody holds, the most used first, and signs what it found. */
export class Examining {
  readonly #dependencies: ExamineDependencies;
  readonly #rules: WatchedRuleset;
  readonly #engines: readonly Engine[];
  readonly #cache: ExaminationCache;
  readonly #review: RulesetReview;
  readonly #failures = new Map<string, Failure>();
  #current: { id: string; step: Progress | undefined } | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(
    options: { home: string; rules: WatchedRuleset; clamd: string | undefined },
    dependencies: ExamineDependencies,
  ) {
    this.#rules = options.rules;
    this.#dependencies = dependencies;
    this.#engines = [new ClamAv(options.clamd === undefined ? {} : { address: options.clamd }), new Yara()];
    this.#cache = new ExaminationCache(join(options.home, 'security', 'examinations'));
    this.#review = new RulesetReview({ ...dependencies, rules: options.rules });
  }

  async start(): Promise<void> {
    await this.#review.decide();
    this.#running = this.#run();
  }

  /** Resolves when the examination that is under way has ended. */
  stop(): Promise<void> {
    return this.#running;
  }

  /** The rules that models are examined by now. */
  get ruleset(): Ruleset {
    return this.#rules.current;
  }

  /** What became of the models that were examined by older rules. */
  get rescan(): Rescan | undefined {
    return this.#review.progress();
  }

  /** What is to be examined, the next one first: what runs on most nodes, then what most hold. */
  queue(): QueueEntry[] {
    const uses = usesOf(this.#dependencies);
    const entries = [...uses].flatMap(([id, use]) => this.#entryOf(id, use) ?? []);
    return entries.sort(
      (a, b) => Number(b.step !== undefined) - Number(a.step !== undefined) || byUse(a.use, b.use),
    );
  }

  #entryOf(id: string, use: ModelUse): QueueEntry | undefined {
    const { library } = this.#dependencies;
    const decision = this.#review.of(id);
    if (decision.state === 'examined' || decision.state === 'untouched') return undefined;
    const failure = this.#failures.get(id);
    const step = this.#current?.id === id ? this.#current.step : undefined;
    const known = decision.state === 'touched';
    return {
      id,
      name: library.find(id)?.manifest.name ?? decision.name ?? id.slice(0, 12),
      use,
      reason: failure ? 'failed before' : known ? 'new rules' : 'new',
      ...(step && { step }),
      ...(failure && { problem: failure.problem }),
      ...(known && { affected: decision.why }),
    };
  }

  async #run(): Promise<void> {
    const { signal } = this.#dependencies;
    while (!signal.aborted) {
      await this.#refreshRules();
      const next = this.queue().find(({ id }) => (this.#failures.get(id)?.retryAt ?? 0) <= Date.now());
      if (next) await this.#examine(next.id);
      else await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
    }
  }

  /** With new rules what they touch comes into the queue again. */
  async #refreshRules(): Promise<void> {
    try {
      await this.#rules.refresh();
      if (await this.#review.decide()) this.#failures.clear();
    } catch (error) {
      this.#dependencies.log.warn({ error: messageOf(error) }, 'new rules are not used');
    }
  }

  async #examine(id: string): Promise<void> {
    const { log, signal } = this.#dependencies;
    this.#current = { id, step: { step: 'fetching', done: 0, total: 0, unit: 'bytes' } };
    try {
      const model = await this.#dependencies.obtain(id);
      const known = await this.#cache.find(model.manifest, this.ruleset);
      await this.#attest(model, known ?? (await this.#examineFiles(model)));
      this.#failures.delete(id);
    } catch (error) {
      if (signal.aborted) return;
      const times = (this.#failures.get(id)?.times ?? 0) + 1;
      const retryAt = Date.now() + Math.min(MAX_RETRY_MS, RETRY_MS * 2 ** (times - 1));
      this.#failures.set(id, { problem: messageOf(error), times, retryAt });
      log.warn({ model: id, code: codeOf(error), error: messageOf(error) }, 'model could not be examined');
    } finally {
      this.#current = undefined;
    }
  }

  async #examineFiles(model: Model): Promise<Examination> {
    const { manifest, torrent } = model;
    await this.#fetch(model);
    const files = await Promise.all(
      manifest.files.map(async ({ path }) => ({
        path,
        source: await fileAccess(join(torrent.directory, path)),
      })),
    );
    try {
      const { signal } = this.#dependencies;
      const examined = { manifest, files, directory: torrent.directory };
      const options = {
        ruleset: this.ruleset,
        engines: this.#engines,
        onProgress: this.#onProgress,
        signal,
      };
      const { examination, report } = await examine(examined, options);
      await this.#dependencies.reports.keep(report);
      await this.#cache.keep(manifest, examination);
      return examination;
    } finally {
      for (const { source } of files) await source.close();
    }
  }

  async #fetch(model: Model): Promise<void> {
    const { metainfo, torrent, id } = model;
    if (metainfo.length > MAX_MODEL_BYTES) {
      throw new Error(`it has ${metainfo.length} bytes, this node examines at most ${MAX_MODEL_BYTES}`);
    }
    for (const node of this.#dependencies.directory.nodes()) {
      const holds = node.holdings.some(({ manifest }) => toHex(manifest) === id);
      const host = hostOf(node);
      if (holds && node.id !== this.#dependencies.selfId && host) torrent.addPeer(host, node.swarmPort);
    }
    const limit = AbortSignal.timeout(FETCH_MS + Math.ceil(metainfo.length / FETCH_BYTES_PER_MS));
    const signal = AbortSignal.any([this.#dependencies.signal, limit]);
    const all = metainfo.files.map(({ path, length }) => ({ file: path, offset: 0, length }));
    await fetchRanges(
      model,
      all.filter(({ length }) => length > 0),
      { onProgress: this.#onProgress, signal },
    );
  }

  /** Signs and tells; what is bad is not kept here either. */
  async #attest(model: Model, examination: Examination): Promise<void> {
    const { key, selfId, guard, library, log } = this.#dependencies;
    const attestation = {
      ...examination,
      format: 2 as const,
      authority: selfId,
      manifest: fromHex(model.id),
      name: model.manifest.name,
      time: Date.now(),
    };
    await guard.publish(sealAttestation(attestation, key));
    log.info({ model: model.id, verdict: examination.verdict }, 'model examined');
    if (examination.verdict === 'quarantined') await library.discard(model);
  }

  readonly #onProgress = (progress: Progress): void => {
    if (this.#current) this.#current.step = progress;
    this.#dependencies.onProgress(progress);
  };
}

/** The host that a node's multiaddrs name. */
const hostOf = ({ addresses }: KnownNode): string | undefined =>
  addresses.map((address) => /^\/(?:ip4|ip6|dns4|dns6)\/([^/]+)\//.exec(address)?.[1]).find((host) => host);
