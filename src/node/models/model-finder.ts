import { Coalescer, type OnProgress, pause, Wakeup } from '#base';
import type { Directory, KnownNode } from '../peers/directory.ts';
import type { ModelGuard } from '../security/model-guard.ts';
import type { Library, Model } from './library.ts';
import { changes, whatIsMissing } from './missing-model.ts';

/** While a model is pending, authorities and holders are asked this often; gossip is faster. */
const ASK_MS = 1_000;
/** Least time between two looks, however much news of the network comes. */
const LEAST_APART_MS = 250;
/** Models that a node without one asks about, those with the most holders. */
const MODELS_ASKED_ABOUT = 32;

export interface ModelFinderOptions {
  /** Id of the manifest to work with; any cleared one when absent. */
  readonly model?: string | undefined;
  readonly bootstrap: readonly string[];
}

export interface ModelFinderDependencies {
  readonly selfId: string;
  readonly directory: Directory;
  readonly library: Library;
  readonly guard: ModelGuard;
  readonly onProgress: OnProgress;
  readonly signal: AbortSignal;
}

/** Finds models in the network: one by its id, or one to work with. */
export class ModelFinder {
  readonly #options: ModelFinderOptions;
  readonly #dependencies: ModelFinderDependencies;

  constructor(options: ModelFinderOptions, dependencies: ModelFinderDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
  }

  /** The model with this manifest id, from this node or from those that hold it. Throws MODEL_UNKNOWN. */
  async obtain(id: string, signal?: AbortSignal): Promise<Model> {
    const { directory, library } = this.#dependencies;
    if (!library.find(id)) await directory.seek(id);
    return library.obtain(id, this.#holders(id), signal);
  }

  /**
   * The model that the options name, or the first cleared one that anybody holds, as soon as somebody does. `onWait` is called
   * with what is missing, each time that changes. Throws MODEL_QUARANTINED, and the signal's reason when it aborts.
   */
  async await(onWait: (reason: string) => void): Promise<Model> {
    const { directory, guard, selfId, signal } = this.#dependencies;
    const tell = changes(onWait);
    const tellPending = changes((step) => this.#tellProgress(step));
    const news = new Wakeup();
    const asking = new Coalescer(() => this.#askAboutPending(), { pauseMs: ASK_MS });
    const stops = [
      directory.onChange(() => news.wake()),
      guard.clearance.onChange(() => news.wake()),
      () => void asking.stop(),
    ];
    try {
      for (;;) {
        signal.throwIfAborted();
        const found = this.#available();
        if (found !== undefined) return await found;
        const others = directory.nodes().filter((node) => node.id !== selfId);
        tell(whatIsMissing(this.#options, others));
        const { model } = this.#options;
        if (model !== undefined) void directory.seek(model);
        if (model !== undefined && !guard.clearance.allows(model)) tellPending('waiting to be cleared');
        if (this.#pending().length > 0) void asking.run();
        await news.wait({ ms: ASK_MS, signal });
        await pause(LEAST_APART_MS, signal);
      }
    } finally {
      for (const stop of stops) stop();
    }
  }

  /** The first candidate that is cleared, here or held by somebody; undefined while there is none. */
  #available(): Model | Promise<Model> | undefined {
    const { library, guard } = this.#dependencies;
    for (const id of this.#candidates()) {
      guard.refuseQuarantined(id);
      if (!guard.clearance.allows(id)) continue;
      const own = library.find(id);
      if (own) return own;
      if (this.#holders(id).length > 0) return this.obtain(id);
    }
    return undefined;
  }

  /** The model that the options name, or those that most nodes hold and that are not in quarantine. */
  #candidates(): string[] {
    const { directory, guard } = this.#dependencies;
    const { model } = this.#options;
    if (model !== undefined) return [model];
    return directory.mostHeld(MODELS_ASKED_ABOUT).filter((id) => !guard.isQuarantined(id));
  }

  #pending(): string[] {
    const { guard } = this.#dependencies;
    return this.#candidates().filter((id) => !guard.clearance.allows(id));
  }

  /** What comes of it is news of the clearances. */
  async #askAboutPending(): Promise<void> {
    const { guard } = this.#dependencies;
    await Promise.allSettled(this.#pending().map((id) => guard.ask(id)));
  }

  #tellProgress(step: string): void {
    this.#dependencies.onProgress({ step, done: 0, total: 0, unit: 'files' });
  }

  #holders(id: string): KnownNode[] {
    const { directory, selfId } = this.#dependencies;
    return directory.holdersOf(id).filter((node) => node.id !== selfId);
  }
}
