import { computed, signal } from '@preact/signals';
import type { InviteView } from '../../src/node/api/node-api.ts';
import { ApiError, call } from '../api/call.ts';
import { sentence } from '../format.ts';
import { chain } from './chain.ts';
import { expectRestart, network } from './live.ts';

/** Whether this computer is part of no network yet. */
export const alone = computed(
  () => network.value !== undefined && !chain.value && network.value.nodes.every(({ self }) => self),
);

export const newInvite = async (): Promise<string> => (await call<InviteView>('/api/network/invite')).invite;

/** What the owner has to agree to before joining: sentences, and the invite that they are about. */
export const risks = signal<{ invite: string; text: string } | undefined>(undefined);

/**
 * Joins the network of an invite; the node then starts again. Where it asks too much, `risks` is set, and the same invite joins the
 * next time. Throws an Error that says what to do.
 */
export async function join(invite: string): Promise<boolean> {
  const acceptRisks = risks.value?.invite === invite;
  try {
    await call('/api/network/join', { invite, acceptRisks });
    risks.value = undefined;
  } catch (error) {
    if (error instanceof ApiError && error.code === 'INVITE_RISKY') {
      risks.value = { invite, text: error.message.replace(/ If you trust .*/, '') };
      return false;
    }
    throw new Error(error instanceof ApiError ? explained(error) : String(error));
  }
  expectRestart();
  return true;
}

/** Joins the test network of the program; the node then starts again. Throws an Error that says what to do. */
export async function joinTestNetwork(): Promise<void> {
  try {
    await call('/api/setup/test-network', undefined, 'POST');
  } catch (error) {
    throw new Error(error instanceof ApiError ? explained(error) : String(error));
  }
  expectRestart();
}

/** The messages of the node name folders and flags where a person at this page needs other words. */
function explained({ code, message }: ApiError): string {
  if (code === 'INVITE_FOREIGN')
    return 'This invite is for another network, and your computer already belongs to one. To join it as well, run a second node: bitorch start --home FOLDER INVITE';
  if (code === 'JOIN_UNREACHABLE')
    return 'None of the computers in this invite answers. Are you online, and is Bitorch running on the computer that invited you?';
  return sentence(message);
}
