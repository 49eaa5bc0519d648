import type { OnProgress } from '#base';
import { pause } from '#base';
import type { Directory, KnownNode } from '../peers/directory.ts';
import type { ModelGuard } from '../security/model-guard.ts';
import type { Library, Model } from './library.ts';
import { changes, whatIsMissing } from './missing-model.ts';

const LOOK_MS = 500;
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
  obtain(id: string): Promise<Model> {
    return this.#dependencies.library.obtain(id, this.#holders(id));
  }

  /**
   * The model that the options name, or the first cleared one that anybody holds, as soon as somebody does. `onWait` hears
   * what is missing, each time that changes.
   */
  async await(onWait: (reason: string) => void): Promise<Model> {
    const { directory, library, guard, selfId, signal } = this.#dependencies;
    const { model } = this.#options;
    const tell = changes(onWait);
    for (;;) {
      signal.throwIfAborted();
      const id = model ?? (await this.#anyCleared());
      if (id !== undefined && guard.clearance.allows(id)) {
        const own = library.find(id);
        if (own) return own;
        if (this.#holders(id).length > 0) return this.obtain(id);
      }
      const others = directory.nodes().filter((node) => node.id !== selfId);
      tell(whatIsMissing(this.#options, others));
      if (model) await this.#untilCleared(model);
      await pause(LOOK_MS);
    }
  }

  async #untilCleared(id: string): Promise<void> {
    const { guard, onProgress } = this.#dependencies;
    if (!guard.clearance.allows(id))
      onProgress({ step: 'waiting to be cleared', done: 0, total: 0, unit: 'files' });
    await guard.untilCleared(id);
  }

  async #anyCleared(): Promise<string | undefined> {
    const { directory, guard } = this.#dependencies;
    const ids = directory.mostHeld(MODELS_ASKED_ABOUT);
    await Promise.all(ids.filter((id) => !guard.clearance.allows(id)).map((id) => guard.ask(id)));
    return ids.find((id) => guard.clearance.allows(id));
  }

  #holders(id: string): KnownNode[] {
    const { directory, selfId } = this.#dependencies;
    return directory.holdersOf(id).filter((node) => node.id !== selfId);
  }
}
