import { Option } from 'commander';
import { BitorchError } from '#base';
import type { FeeTier, OpenWallet, TransferPlan, WalletChain } from '#node';
import { formatAmount, parseAmount } from './amounts.ts';
import { print, scan, type WalletFlags, walletCommand, withChain, withWallet } from './session.ts';
import { confirm, isInteractive } from './terminal.ts';

type SendFlags = WalletFlags & { fee: FeeTier; yes?: boolean };

const feeOption = () =>
  new Option('--fee <tier>', 'how soon: pays 1, 2 or 4 times the base fee')
    .choices(['low', 'normal', 'high'])
    .default('normal');
const YES = ['--yes', 'send without asking'] as const;

export const sendCommand = walletCommand('send', 'pay an address; shows the exact fee first')
  .argument('<address>')
  .argument('<amount>', 'in TORCH')
  .addOption(feeOption())
  .option(...YES)
  .action((address: string, amount: string, flags: SendFlags) => {
    const sparks = parseAmount(amount);
    return withWallet(flags, (wallet) =>
      withChain(flags, async (chain) => {
        await scan(wallet, chain);
        await sendAll(wallet, chain, [await wallet.plan(address, sparks, chain, flags.fee)], address, flags);
      }),
    );
  });

export const sweepCommand = walletCommand('sweep', 'send all that is unlocked to one address, fees taken off')
  .argument('<address>')
  .addOption(feeOption())
  .option(...YES)
  .action((address: string, flags: SendFlags) =>
    withWallet(flags, (wallet) =>
      withChain(flags, async (chain) => {
        await scan(wallet, chain);
        await sendAll(wallet, chain, await wallet.planSweep(address, chain, flags.fee), address, flags);
      }),
    ),
  );

/** Shows what the plans cost, asks, and sends them. */
async function sendAll(
  wallet: OpenWallet,
  chain: WalletChain,
  plans: readonly TransferPlan[],
  to: string,
  { yes = false }: SendFlags,
): Promise<void> {
  const sum = (of: (plan: TransferPlan) => bigint) => plans.reduce((total, plan) => total + of(plan), 0n);
  const paid = sum(({ outputs, change }) =>
    outputs.reduce((total, { amount }, i) => total + (i === change ? 0n : amount), 0n),
  );
  const fee = sum((plan) => plan.fee);
  process.stderr.write(`to      ${to}\namount  ${formatAmount(paid)}\nfee     ${formatAmount(fee)}\n`);
  process.stderr.write(`total   ${formatAmount(paid + fee)} in ${plans.length} transfer(s)\n`);
  if (!yes && !isInteractive())
    throw new BitorchError('CANCELLED', 'nothing was sent: add --yes to send without asking');
  if (!yes && !(await confirm('Send it?'))) throw new BitorchError('CANCELLED', 'nothing was sent');
  for (const plan of plans) print(await wallet.send(plan, chain));
}
