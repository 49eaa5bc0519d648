/** The crowd in a process of its own: its world and options come as the argument, its deeds go back as a message. */
import { type CrowdOptions, crowd } from './crowd.ts';
import type { World } from './scene.ts';

const { world, seed, atOnce } = JSON.parse(process.argv[2]!) as { world: World } & Omit<
  CrowdOptions,
  'signal'
>;
const stop = new AbortController();
process.on('message', () => stop.abort());
process.on('disconnect', () => process.exit());
// Sockets of strangers break in every way; that is no reason to stop.
process.on('uncaughtException', (error) => console.error(error));
process.on('unhandledRejection', (error) => console.error(error));
const deeds = await crowd(world, { seed, atOnce, signal: stop.signal });
process.send!(deeds, () => process.exit());
