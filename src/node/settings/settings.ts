import { BitorchError, Mutex } from '#base';
import type { LimitsView, SettingsChange, SettingsChanged, SettingsView } from '../api/settings.ts';
import type { Limits, LimitValues } from '../limits/limits.ts';
import type { Library } from '../models/library.ts';
import { changeConfig } from './config-file.ts';

export interface SettingsOptions {
  readonly home: string;
  readonly roles: SettingsView['roles'];
  /** Names of options that a flag or variable decides, whatever config.json says. */
  readonly fixed: readonly string[];
}

/** The settings of a running node that its owner can change. They are kept in config.json. */
export class RunningSettings {
  readonly #options: SettingsOptions;
  readonly #limits: Limits;
  readonly #library: Pick<Library, 'bytesHeld'>;
  readonly #mutex = new Mutex();

  constructor(
    options: SettingsOptions,
    { limits, library }: { limits: Limits; library: Pick<Library, 'bytesHeld'> },
  ) {
    this.#options = options;
    this.#limits = limits;
    this.#library = library;
  }

  async view(): Promise<SettingsView> {
    const { roles, fixed } = this.#options;
    return {
      roles: [...roles],
      limits: viewOf(this.#limits.values),
      fixed: [...fixed],
      paused: this.#limits.paused,
      power: await this.#limits.power(),
      diskBytesHeld: this.#library.bytesHeld,
    };
  }

  /**
   * Writes the change to config.json and applies limits at once; other roles need a restart. Throws SETTING_FIXED,
   * LIMIT_UNSUPPORTED, CONFIG_INVALID, DISK_FULL; nothing has changed then.
   */
  change({ roles, limits: changed = {} }: SettingsChange): Promise<SettingsChanged> {
    return this.#mutex.run(async () => {
      const limits = defined(changed);
      const unique = roles && [...new Set(roles)];
      const changes: Record<string, unknown> = { ...(unique && { roles: unique }), ...limits };
      this.#demandFree(Object.keys(changes));
      const values = valuesOf({ ...viewOf(this.#limits.values), ...limits });
      await this.#limits.check(values);
      await changeConfig(this.#options.home, changes);
      await this.#limits.apply(values);
      const restarts = unique !== undefined && !isSame(unique, this.#options.roles);
      return { settings: { ...(await this.view()), ...(unique && { roles: unique }) }, restarts };
    });
  }

  #demandFree(names: readonly string[]): void {
    const name = names.find((each) => this.#options.fixed.includes(each));
    if (name === undefined) return;
    throw new BitorchError(
      'SETTING_FIXED',
      `"${name}" was given by a flag or variable when the node was started: start it without, then change it here`,
    );
  }
}

/** Without the fields that were left out. */
const defined = <T extends object>(fields: T) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [Name in keyof T]?: Exclude<T[Name], undefined>;
  };

const isSame = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((role) => b.includes(role));

const viewOf = ({ diskBytes, uploadRate, downloadRate, hours, pauseOnBattery }: LimitValues): LimitsView => ({
  diskBytes: diskBytes ?? null,
  uploadRate: uploadRate ?? null,
  downloadRate: downloadRate ?? null,
  hours: hours ?? null,
  pauseOnBattery,
});

const valuesOf = ({
  diskBytes,
  uploadRate,
  downloadRate,
  hours,
  pauseOnBattery,
}: LimitsView): LimitValues => ({
  ...(diskBytes !== null && { diskBytes }),
  ...(uploadRate !== null && { uploadRate }),
  ...(downloadRate !== null && { downloadRate }),
  ...(hours !== null && { hours }),
  pauseOnBattery,
});
