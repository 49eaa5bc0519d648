import { userInfo } from 'node:os';
import { runCommand } from './service.ts';

/** On Linux, how to run the node without a login; undefined when it does already. */
export async function lingeringHint(): Promise<string | undefined> {
  if (process.platform !== 'linux') return undefined;
  const { username } = userInfo();
  const { code, output } = await runCommand([
    'loginctl',
    'show-user',
    username,
    '--property=Linger',
    '--value',
  ]);
  if (code === 0 && output.trim() === 'yes') return undefined;
  return `It ends when you log out. To run it from boot on, without a login: sudo loginctl enable-linger ${username}`;
}
