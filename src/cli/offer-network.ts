import { execFileSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { cleanText, codeOf, messageOf } from '#base';
import type { NodeApi } from '#node';

/** Ways into a network, for a node that has none. */
export interface NetworkOffer {
  /** How the answers come, line by line; undefined where nobody can be asked. */
  readonly lines: AsyncIterable<string> | undefined;
  readonly print: (line: string) => void;
}

const WAYS = `This node is not part of a network yet. To join one:
  paste an invite here (bitorch://join?…), or run "bitorch start INVITE", or use the page
  write "test" to join the test network of this program
  run "bitorch devnet" in its place to try everything on this computer`;
const WAYS_WITHOUT_TERMINAL = `This node is not part of a network yet. Paste an invite on its page, or stop it and run
  bitorch start INVITE   to join the network of an invite
  bitorch devnet         to try everything on this machine`;

/**
 * Offers the ways into a network, and takes them as they are written until one has led into a network; calls `onJoined` then. Ends with
 * `lines`.
 */
export async function offerNetwork(
  node: Pick<NodeApi, 'join' | 'setup'>,
  { lines, print }: NetworkOffer,
  onJoined: () => void,
): Promise<void> {
  print(lines ? WAYS : WAYS_WITHOUT_TERMINAL);
  if (!lines) return;
  print(node.setup().view().testNetwork.text);
  /** The last invite, when it gives up safety: it takes a yes. */
  let risky: string | undefined;
  for await (const line of lines) {
    const answer = line.trim();
    if (answer === '') continue;
    const accepted = answer.toLowerCase() === 'yes' ? risky : undefined;
    risky = undefined;
    try {
      if (answer.toLowerCase() === 'test') await node.setup().joinTestNetwork();
      else await node.join(accepted ?? answer, { acceptRisks: accepted !== undefined });
    } catch (error) {
      print(cleanText(messageOf(error), 1024));
      if (codeOf(error) === 'INVITE_RISKY' && answer.toLowerCase() !== 'test') {
        risky = answer;
        print('Write "yes" to join nevertheless.');
      }
      continue;
    }
    print('Joined. The node starts again as a part of the network.');
    return onJoined();
  }
}

/**
 * The lines that somebody writes at the terminal until `signal` aborts; undefined where there is no terminal. The system stops a
 * background job that reads from its terminal, so they end when the program is sent to the background.
 */
export function terminalLines(signal: AbortSignal): AsyncIterable<string> | undefined {
  if (!process.stdin.isTTY || !process.stdout.isTTY || !isInForeground()) return undefined;
  const lines = createInterface({ input: process.stdin, terminal: false });
  const close = () => lines.close();
  const onContinue = () => {
    if (!isInForeground()) close();
  };
  process.on('SIGCONT', onContinue);
  lines.once('close', () => process.off('SIGCONT', onContinue));
  if (signal.aborted) close();
  else signal.addEventListener('abort', close, { once: true });
  return lines;
}

/** Whether the program is in the foreground of its terminal, as `ps` (POSIX) marks it. */
function isInForeground(): boolean {
  if (process.platform === 'win32') return true;
  try {
    return execFileSync('ps', ['-o', 'stat=', '-p', `${process.pid}`], { encoding: 'utf8' }).includes('+');
  } catch {
    return false;
  }
}
