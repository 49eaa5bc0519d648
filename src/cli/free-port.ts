import { once } from 'node:events';
import { createServer } from 'node:net';
import { BitorchError, codeOf } from '#base';

/** Checks the port before the start does slow work that a taken port would waste. Throws PORT_IN_USE when it is taken. */
export async function demandFreePort(port: number, host = '127.0.0.1'): Promise<void> {
  if (port === 0) return;
  const probe = createServer().listen(port, host);
  try {
    await once(probe, 'listening');
  } catch (error) {
    if (codeOf(error) !== 'EADDRINUSE') throw error;
    throw new BitorchError('PORT_IN_USE', `port ${port} is taken: choose another with --port`, { port });
  } finally {
    probe.close();
  }
}
