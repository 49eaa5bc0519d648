import type {
  BackupWords,
  ReachView,
  SettingsChange,
  SetupChange,
  SetupView,
  WalletView,
  WordsCheck,
} from '#node';

/** What is set up: a running node, or a data directory without one. */
export interface SetupPlace {
  view(): Promise<SetupView>;
  change(change: SetupChange): Promise<void>;
  /** Starts a measurement. */
  measure(): Promise<void>;
  /** These three resolve when the node is there again, where it starts anew for them. */
  join(invite: string, options?: { acceptRisks?: boolean }): Promise<void>;
  joinTestNetwork(): Promise<void>;
  changeSettings(change: SettingsChange): Promise<void>;
  /** Undefined without a running node; all below need one. */
  readonly node: SetupNode | undefined;
}

export interface SetupNode {
  wallet(): Promise<WalletView>;
  createWallet(request: { password: string; words?: string }): Promise<BackupWords>;
  /** Opens the wallet and returns its words. Throws PASSWORD_WRONG. */
  words(password: string): Promise<BackupWords>;
  checkWords(check: WordsCheck): Promise<boolean>;
  reach(): Promise<ReachView | undefined>;
}

/** The names of the steps that are open, for display. */
export const openSteps = ({ steps }: SetupView): string =>
  steps
    .filter(({ state }) => state === 'open')
    .map(({ name }) => name)
    .join(', ');
