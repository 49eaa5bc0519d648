/** The first-run setup of a node: what it measures of its machine, the roles it offers, and which steps are finished. */
import { z } from '#base';
import { zTime } from './fields.ts';
import { zRole } from './network.ts';

const zBytes = z.number().int().min(0);

/** Bytes per second, null where there was nothing to measure; `reason` says why then. */
const zRate = z.strictObject({ bytesPerSecond: zBytes.nullable(), reason: z.string().nullable() });

export const zMeasured = z.strictObject({
  at: zTime,
  cpu: z.strictObject({
    /** Logical processors of the machine, and the threads that the engine used. */
    cores: z.number().int().min(1),
    threads: z.number().int().min(1),
    /** One token through one block of the reference model, and through all its blocks, in ms. */
    msPerBlock: z.number().min(0),
    msPerToken: z.number().min(0),
    /** Shape of the model that the engine computed with. */
    reference: z.string(),
    blocks: z.number().int().min(1),
  }),
  memory: z.strictObject({ totalBytes: zBytes, freeBytes: zBytes }),
  /** Of the file system of the data directory. */
  disk: z.strictObject({ totalBytes: zBytes, freeBytes: zBytes }),
  /** Model files exchanged with peers during the measurement. */
  up: zRate,
  down: zRate,
  /** Peers that the node was connected to. */
  peers: z.number().int().min(0),
});
export type Measured = z.infer<typeof zMeasured>;

export const zMeasurement = z.strictObject({
  /** `failed`: see `problem`; a new measurement may be started. */
  state: z.enum(['none', 'running', 'done', 'failed']),
  /** Part that is finished, 0 to 1; while `running`. */
  progress: z.number().min(0).max(1).exactOptional(),
  /** What is measured at the moment, in words for display; while `running`. */
  doing: z.string().exactOptional(),
  /** The last complete measurement, kept from one start of the node to the next. */
  result: zMeasured.exactOptional(),
  problem: z.string().exactOptional(),
});
export type MeasurementView = z.infer<typeof zMeasurement>;

/** What a role would cost its owner and what it would earn, in words for display and in numbers. */
export const zRoleOffer = z.strictObject({
  role: zRole,
  /** Proposed for this machine. */
  proposed: z.boolean(),
  /** Why it is proposed or not. */
  reason: z.string(),
  cost: z.strictObject({
    text: z.string(),
    /** Of the reference model; null: not known before there is a model. */
    diskBytes: zBytes.nullable(),
    memoryBytes: zBytes.nullable(),
  }),
  reward: z.strictObject({
    text: z.string(),
    /** Whether anything is paid for this work today. */
    paid: z.boolean(),
  }),
});
export type RoleOffer = z.infer<typeof zRoleOffer>;

/** The steps in their order. */
export const SETUP_STEPS = ['network', 'roles', 'limits', 'wallet', 'reach'] as const;
const zStepName = z.enum(SETUP_STEPS);
export type SetupStep = z.infer<typeof zStepName>;
const zStepState = z.enum(['open', 'done', 'skipped']);

/** The test network of this build. */
export const zTestNetwork = z.strictObject({
  name: z.string(),
  /** Whether the list has nodes to join through. */
  available: z.boolean(),
  /** The list in words for display; what to do instead when it is empty. */
  text: z.string(),
});
export type TestNetworkView = z.infer<typeof zTestNetwork>;

export const zSetup = z.strictObject({
  steps: z.array(
    z.strictObject({
      name: zStepName,
      state: zStepState,
      /** Why the step cannot be done now; it can be skipped. */
      blocked: z.string().exactOptional(),
    }),
  ),
  /** The first step that is open; null when the setup is finished. */
  next: zStepName.nullable(),
  measurement: zMeasurement,
  /** One for each role. Before a measurement the proposal is the default of `bitorch start`. */
  roles: z.array(zRoleOffer),
  /** Whether the node has a network: joined, configured, or of its own. */
  hasNetwork: z.boolean(),
  testNetwork: zTestNetwork,
});
export type SetupView = z.infer<typeof zSetup>;

/** Steps that are left out stay as they are; `open` takes a step back. */
export const zSetupChange = z.strictObject({
  steps: z.partialRecord(zStepName, zStepState),
});
export type SetupChange = z.infer<typeof zSetupChange>;

export interface SetupApi {
  view(): SetupView;
  /** Records what was done or skipped, in the data directory. Throws DISK_FULL. */
  change(change: SetupChange): Promise<SetupView>;
  /** Starts a measurement of about ten seconds, unless one runs. */
  measure(): MeasurementView;
  /**
   * Joins the test network of this build; the node is part of it from its next start on. Throws TEST_NETWORK_EMPTY, and as
   * `NodeApi.join` does.
   */
  joinTestNetwork(): Promise<void>;
}
