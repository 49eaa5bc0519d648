import type { NodeOptions } from '../options.ts';

/** Whether the options name anything through which other nodes are found, or publish a model. */
export const hasNetwork = ({
  bootstrap,
  genesis,
  trackers,
  publish,
}: Pick<NodeOptions, 'bootstrap' | 'genesis' | 'trackers' | 'publish'>): boolean =>
  bootstrap.length > 0 || trackers.length > 0 || genesis !== undefined || publish !== undefined;
