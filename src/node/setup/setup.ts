import { Mutex } from '#base';
import {
  type Measured,
  type MeasurementView,
  SETUP_STEPS,
  type SetupApi,
  type SetupChange,
  type SetupStep,
  type SetupView,
} from '../api/setup.ts';
import { joinTestNetwork, type TestNetwork, testNetworkView } from '../join/test-network.ts';
import { Measurement, type MeasurementDependencies } from './measurement.ts';
import { roleOffers } from './role-offers.ts';
import { readSetup, type SetupFile, writeSetup } from './setup-file.ts';

export interface SetupDependencies extends Pick<MeasurementDependencies, 'traffic' | 'speed' | 'watchMs'> {
  /** Why a step cannot be done now. */
  readonly blocked: (step: SetupStep) => string | undefined;
  /** Whether nothing remains to be done for a step, even if it was done outside the setup. */
  readonly achieved: (step: SetupStep) => boolean;
  readonly testNetwork: TestNetwork;
  /** Joins the network of an invite. */
  readonly join: (invite: string) => Promise<void>;
}

/** The first-run setup of a data directory, with or without a running node. */
export class Setup implements SetupApi {
  readonly #home: string;
  readonly #deps: SetupDependencies;
  readonly #measurement: Measurement;
  readonly #mutex = new Mutex();
  #file: SetupFile;

  private constructor(home: string, file: SetupFile, dependencies: SetupDependencies) {
    this.#home = home;
    this.#file = file;
    this.#deps = dependencies;
    const onResult = (measured: Measured) => this.#record(() => ({ measured }));
    this.#measurement = new Measurement({ home, result: file.measured }, { ...dependencies, onResult });
  }

  /** Continues the setup that the data directory records. */
  static async open(home: string, dependencies: SetupDependencies): Promise<Setup> {
    return new Setup(home, await readSetup(home), dependencies);
  }

  view(): SetupView {
    const { blocked, achieved, testNetwork } = this.#deps;
    const steps = SETUP_STEPS.map((name) => {
      const why = blocked(name);
      const state = this.#file.steps[name] ?? (achieved(name) ? ('done' as const) : ('open' as const));
      return { name, state, ...(why !== undefined && { blocked: why }) };
    });
    return {
      steps,
      next: steps.find(({ state }) => state === 'open')?.name ?? null,
      measurement: this.#measurement.view,
      roles: roleOffers(this.#measurement.view.result),
      hasNetwork: achieved('network'),
      testNetwork: testNetworkView(testNetwork),
    };
  }

  async change({ steps }: SetupChange): Promise<SetupView> {
    await this.#record(({ steps: before }) => ({ steps: withoutOpen({ ...before, ...steps }) }));
    return this.view();
  }

  measure(): MeasurementView {
    return this.#measurement.start();
  }

  joinTestNetwork(): Promise<void> {
    const { testNetwork, join } = this.#deps;
    return joinTestNetwork(testNetwork, join);
  }

  async stop(): Promise<void> {
    await this.#measurement.stop();
    await this.#mutex.idle();
  }

  /** Writes first, so that a full disk leaves what the view shows as it is on the disk. */
  #record(change: (before: SetupFile) => Partial<SetupFile>): Promise<void> {
    return this.#mutex.run(async () => {
      const file = { ...this.#file, ...change(this.#file) };
      await writeSetup(this.#home, file);
      this.#file = file;
    });
  }
}

/** A step that is open is not recorded. */
function withoutOpen(steps: SetupChange['steps']): SetupFile['steps'] {
  const recorded: SetupFile['steps'] = {};
  for (const name of SETUP_STEPS) {
    const state = steps[name];
    if (state === 'done' || state === 'skipped') recorded[name] = state;
  }
  return recorded;
}
