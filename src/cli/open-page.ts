import { spawn } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { writeFileAtomic } from '#base';

export interface Desktop {
  readonly platform: NodeJS.Platform;
  readonly env: NodeJS.ProcessEnv;
  /** Whether somebody looks at the output. */
  readonly isTerminal: boolean;
  /** Starts a program that outlives this one. */
  readonly launch: (program: string, args: readonly string[]) => void;
}

/**
 * Opens the page in the browser of a desktop; returns whether it tried to. Never on a build server, over SSH or without a display.
 * The link has the owner's token, and all users of a machine can read the arguments of programs, so the browser is given a file that
 * leads to it, which only this user can read. A failure is ignored: the link is printed too.
 */
export async function openPage(
  home: string,
  url: string,
  desktop: Desktop = thisDesktop(),
): Promise<boolean> {
  if (!hasDesktop(desktop)) return false;
  try {
    const path = pageFile(home);
    await writeFileAtomic(path, leadingTo(url), 0o600);
    const [program, args] = openerOf(desktop.platform);
    desktop.launch(program, [...args, pathToFileURL(path).href]);
    return true;
  } catch {
    return false;
  }
}

/** Removes the file that led to the page. */
export const forgetPage = (home: string): Promise<void> => rm(pageFile(home), { force: true });

const pageFile = (home: string): string => join(home, 'open-page.html');

function hasDesktop({ platform, env, isTerminal }: Desktop): boolean {
  if (!isTerminal || env.CI || env.SSH_CONNECTION || env.SSH_CLIENT || env.SSH_TTY) return false;
  return platform === 'win32' || platform === 'darwin' || Boolean(env.DISPLAY || env.WAYLAND_DISPLAY);
}

function openerOf(platform: NodeJS.Platform): [string, readonly string[]] {
  if (platform === 'darwin') return ['open', []];
  // What "start" does, without a shell that would read the arguments its own way.
  return platform === 'win32' ? ['rundll32.exe', ['url.dll,FileProtocolHandler']] : ['xdg-open', []];
}

/** `url` comes from the server and the token, which have no characters of HTML. */
const leadingTo = (url: string): string =>
  `<!doctype html><meta charset="utf-8"><title>Bitorch</title><meta http-equiv="refresh" content="0; url=${url}">\n`;

const thisDesktop = (): Desktop => ({
  ...{ platform: process.platform, env: process.env },
  isTerminal: Boolean(process.stdout.isTTY),
  launch(program, args) {
    const child = spawn(program, args, { stdio: 'ignore', detached: true, windowsHide: true });
    child.once('error', () => undefined);
    child.unref();
  },
});
