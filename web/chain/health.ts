import type { ChainView } from '../../src/node/api/node-api.ts';
import * as format from '../format.ts';

export interface Health {
  state: 'well' | 'busy' | 'bad';
  /** The state of the chain in one sentence. */
  sentence: string;
}

/** Describes the state of the chain in one sentence; `online`: whether the page is connected with its node. */
export function healthOf(view: ChainView, online: boolean): Health {
  const { state, problem, finalityMs, height } = view;
  if (!online) return { state: 'busy', sentence: 'Unknown: the connection to your node is lost.' };
  if (state === 'halted') return { state: 'bad', sentence: 'Halted: nothing is final any more.' };
  if (problem) return { state: 'bad', sentence: 'Your node needs your help.' };
  if (state === 'starting')
    return { state: 'busy', sentence: 'Starting: looking for other nodes of the chain.' };
  if (state === 'syncing') return { state: 'busy', sentence: 'Catching up with the other nodes.' };
  if (height === 0 || finalityMs === undefined)
    return { state: 'busy', sentence: 'Ready: waiting for the next block.' };
  return { state: 'well', sentence: `Healthy: final in ${format.tenths(finalityMs)}.` };
}
