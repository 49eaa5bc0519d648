import { join } from 'node:path';
import type { ModelSource } from '#distribution';
import type { NetworkView } from '#node';
import { type CommandOptions, run } from './command.ts';
import type { Engine } from './engine.ts';

const FILE = join(import.meta.dirname, '../../packaging/compose.yml');
const PROJECT = 'bitorch-poc';

export const SEEDER = 'seeder';
export const LEECHERS = ['leecher-1', 'leecher-2', 'leecher-3'] as const;

/** The containers of packaging/compose.yml. */
export class Composition {
  readonly #engine: Engine;
  readonly #env: Record<string, string>;
  readonly #signal: AbortSignal;
  readonly #modelFolder: string;
  /** Where a leecher keeps the files; known once the model is published. */
  #filesFolder = '';
  /** What each node saw of the network when it was last asked. */
  readonly lastViews = new Map<string, NetworkView>();

  constructor(options: { engine: Engine; image: string; source: ModelSource; signal: AbortSignal }) {
    const { engine, image, source, signal } = options;
    const name = source.name.replaceAll(/[^\w.-]+/g, '_');
    const [file] = source.files;
    const isGguf = source.files.length === 1 && file!.path.endsWith('.gguf');
    this.#engine = engine;
    this.#signal = signal;
    this.#modelFolder = `/models/${name}`;
    this.#env = {
      BITORCH_IMAGE: image,
      MODEL_DIRECTORY: source.directory,
      MODEL_NAME: name,
      MODEL_FILE: isGguf ? `/${file!.path}` : '',
    };
  }

  /** Starts the seeder; gives what it sees once it has published the model. */
  async startSeeder(): Promise<NetworkView> {
    await this.#compose(['up', '-d', SEEDER]);
    const view = await this.watch(SEEDER);
    this.#env.SEEDER_ID = view.self.id;
    const [model] = view.models;
    this.#env.MODEL_ID = model!.id;
    this.#filesFolder = `/data/torrents/${model!.infohash}`;
    return view;
  }

  async startLeechers(): Promise<void> {
    await this.#compose(['up', '-d', '--no-deps', ...LEECHERS]);
  }

  /** Follows a node's own view of the network until it holds the whole model; gives the last one. */
  async watch(service: string, onView: (view: NetworkView) => void = () => undefined): Promise<NetworkView> {
    const onLine = (line: string) => {
      const view = JSON.parse(line) as NetworkView;
      this.lastViews.set(service, view);
      onView(view);
    };
    await this.#execute(service, ['node', 'scripts/poc/watch.ts'], onLine);
    return this.lastViews.get(service)!;
  }

  /** SHA-256, hexadecimal, of files as they lie in a container, by path. */
  async hashes(service: string, paths: readonly string[]): Promise<Map<string, string>> {
    const folder = service === SEEDER ? this.#modelFolder : this.#filesFolder;
    const output = await this.#execute(service, ['sha256sum', ...paths.map((path) => join(folder, path))]);
    return new Map(
      output.split('\n').map((line) => {
        const [hash = '', path = ''] = line.split(/ [ *]/);
        return [path.slice(folder.length + 1), hash];
      }),
    );
  }

  /** What the nodes wrote. */
  logs(): Promise<string> {
    return this.#cleanUp(['logs', '--no-color']);
  }

  /** Stops all containers and removes them, their disks and their network. */
  async down(): Promise<void> {
    await this.#cleanUp(['down', '-v', '--timeout', '5']);
  }

  async #execute(service: string, command: string[], onLine?: (line: string) => void): Promise<string> {
    const id = await this.#compose(['ps', '-q', service]);
    const options = { signal: this.#signal, ...(onLine && { onLine }) };
    return run([...this.#engine.docker, 'exec', id, ...command], options);
  }

  #compose(command: string[], options: CommandOptions = { signal: this.#signal }): Promise<string> {
    const compose = [...this.#engine.compose, '-p', PROJECT, '-f', FILE];
    return run([...compose, ...command], { ...options, env: this.#env });
  }

  /** What must be done when the trial was interrupted, too. */
  #cleanUp(command: string[]): Promise<string> {
    return this.#compose(command, {});
  }
}
