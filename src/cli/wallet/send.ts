import { BitorchError, type Options, type OptionValues, z } from '#base';
import type { OpenWallet, SendResult, TransferPlan, WalletChain } from '#ledger';
import { EXIT_PENDING } from '../exit.ts';
import { formatAmount, parseAmount } from './amounts.ts';
import { print, scan, type WalletFlags, walletCommand, withChain, withWallet } from './session.ts';
import { confirm, isInteractive } from './terminal.ts';

const SWEEP_FLAGS = {
  fee: {
    schema: z.enum(['low', 'normal', 'high']).default('normal'),
    value: 'tier',
    help: 'priority: pays 1, 2 or 4 times the base fee',
  },
  yes: { schema: z.boolean().default(false), help: 'send without confirmation' },
} satisfies Options;

const SEND_FLAGS = {
  ...SWEEP_FLAGS,
  again: { schema: z.boolean().default(false), help: 'pay again although an identical payment is pending' },
} satisfies Options;

type SweepFlags = WalletFlags & OptionValues<typeof SWEEP_FLAGS>;
type SendFlags = WalletFlags & OptionValues<typeof SEND_FLAGS>;

export const sendCommand = walletCommand('send', 'pay an address; shows the exact fee first', SEND_FLAGS)
  .argument('<address>')
  .argument('<amount>', 'in TORCH')
  .action((address: string, amount: string, flags: SendFlags) => {
    const sparks = parseAmount(amount);
    return withWallet(flags, (wallet) =>
      withChain(flags, async (chain) => {
        await scan(wallet, chain);
        const { fee: tier, again } = flags;
        const plans = await wallet.plan(address, sparks, chain, { tier, again });
        if (paidBy(plans) < sparks)
          process.stderr.write(
            'Parts of this payment are pending; only these are retried. See "wallet history" for the others.\
n',
          );
        await sendAll(wallet, chain, plans, address, flags);
      }),
    );
  });

export const sweepCommand = walletCommand(
  'sweep',
  'send the whole unlocked balance to one address, minus fees',
  SWEEP_FLAGS,
)
  .argument('<address>')
  .action((address: string, flags: SweepFlags) =>
    withWallet(flags, (wallet) =>
      withChain(flags, async (chain) => {
        await scan(wallet, chain);
        await sendAll(wallet, chain, await wallet.planSweep(address, chain, flags.fee), address, flags);
      }),
    ),
  );

/** Shows the cost of the plans, asks for confirmation, and sends them. */
async function sendAll(
  wallet: OpenWallet,
  chain: WalletChain,
  plans: readonly TransferPlan[],
  to: string,
  { yes }: SweepFlags,
): Promise<void> {
  const sum = (of: (plan: TransferPlan) => bigint) => plans.reduce((total, plan) => total + of(plan), 0n);
  const paid = paidBy(plans);
  const fee = sum((plan) => plan.fee);
  process.stderr.write(`to      ${to}\namount  ${formatAmount(paid)}\nfee     ${formatAmount(fee)}\n`);
  process.stderr.write(`total   ${formatAmount(paid + fee)} in ${plans.length} transfer(s)\n`);
  if (!yes && !isInteractive())
    throw new BitorchError('CANCELLED', 'nothing was sent: add --yes to send without confirmation');
  if (!yes && !(await confirm('Send it?'))) throw new BitorchError('CANCELLED', 'nothing was sent');
  for (const result of await wallet.sendAll(plans, chain)) report(result);
}

const paidBy = (plans: readonly TransferPlan[]): bigint =>
  plans
    .flatMap(({ outputs, change }) => outputs.filter((_, i) => i !== change))
    .reduce((total, { amount }) => total + amount, 0n);

/** Prints the id to stdout and the outcome to stderr. Throws the code of a refusal. */
function report(result: SendResult): void {
  if (result.outcome === 'refused')
    throw BitorchError.relayed(
      result.code,
      `refused: ${result.message}. This transfer will not be in any block, and its money can be spent again`,
    );
  print(result.id);
  if (result.outcome === 'sent') {
    process.stderr.write('sent; final once a block contains it\n');
    return;
  }
  process.exitCode = EXIT_PENDING;
  process.stderr.write(
    `pending: ${result.message} [${result.code}]\n` +
      'The wallet keeps the transfer and retries it at each scan until it expires. To retry now, or with a higher --fee, send ' +
      'the same payment again: it is paid only once.\n',
  );
}
