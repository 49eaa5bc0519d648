import { BitorchError } from '#base';
import { heightOf, type NetworkFile } from './network-file.ts';

/** The risks that the owner of a node takes by accepting an invite, as sentences, except those accepted before. */
export function risksOf(invited: NetworkFile, joined: NetworkFile | undefined): string[] {
  const risks: string[] = [];
  if (!joined && invited.authorities === 'none')
    risks.push('Nobody checks the models of this network: a malicious one may harm this computer.');
  if (!joined && invited.unproven === 'cleared')
    risks.push(
      'Models may run here that no security node has run in a sandbox: they were only looked at, and a malicious one may be missed.',
    );
  if (joined?.trust && invited.trust && heightOf(invited.trust) > heightOf(joined.trust))
    risks.push(
      `This node would trust block ${invited.trust} in place of ${joined.trust}: whoever made the invite decides then which chain it follows.`,
    );
  return risks;
}

/** Throws INVITE_RISKY, which names the risks, unless they are accepted or there are none. */
export function requireAccepted(risks: readonly string[], isAccepted: boolean): void {
  if (isAccepted || risks.length === 0) return;
  throw new BitorchError(
    'INVITE_RISKY',
    `${risks.join(' ')} If you trust whoever invited you, join again with --yes`,
    { risks },
  );
}
