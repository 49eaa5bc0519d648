import { buffer } from 'node:stream/consumers';
import { BitorchError, codeOf, readTextFile, textOf } from '#base';
import { ask, isInteractive } from './terminal.ts';

/** Secrets come from the terminal, a file, an environment variable or stdin, never from arguments, which other users can read. */

const WALLET_VARIABLE = 'BITORCH_WALLET_PASSWORD';

/** The first line of a file. Throws SECRET_MISSING when there is no file, or nothing in it. */
async function firstLine(path: string): Promise<string> {
  const content = await readTextFile(path).catch((error: unknown) => {
    if (codeOf(error) !== 'ENOENT') throw error;
    throw new BitorchError('SECRET_MISSING', `${path} does not exist`);
  });
  const [line = ''] = content.split(/\r\n|\r|\n/, 1);
  if (line === '') throw new BitorchError('SECRET_MISSING', `the first line of ${path} is empty`);
  return line;
}

/** The prompt for a password, and the file and variable from which scripts provide it. */
interface PasswordSource {
  readonly question: string;
  readonly file: string | undefined;
  readonly flag: string;
  readonly variable: string;
  /** Asks twice, since a typing error would lock the wallet. */
  readonly twice?: boolean;
}

/** The password that a file or the variable gives, if any. */
async function givenPassword(file: string | undefined, variable: string): Promise<string | undefined> {
  return file ? firstLine(file) : process.env[variable] || undefined;
}

/** The wallet password from `file` or the environment, without asking; undefined when neither has it. */
export const givenWalletPassword = (file: string | undefined): Promise<string | undefined> =>
  givenPassword(file, WALLET_VARIABLE);

async function readPassword({ question, file, flag, variable, twice }: PasswordSource): Promise<string> {
  const given = await givenPassword(file, variable);
  if (given) return given;
  if (!isInteractive()) {
    throw new BitorchError('SECRET_MISSING', `no password: give it with ${flag} <file> or ${variable}`);
  }
  const password = await ask(`${question}: `, { hidden: true });
  if (password === '') throw new BitorchError('SECRET_MISSING', 'the password must not be empty');
  if (twice && (await ask('Repeat it: ', { hidden: true })) !== password) {
    throw new BitorchError('PASSWORD_DIFFERS', 'the two passwords differ; nothing was changed');
  }
  return password;
}

export const walletPassword = (file: string | undefined, { twice = false } = {}): Promise<string> =>
  readPassword({
    question: twice ? 'Password for the new wallet' : 'Password',
    file,
    flag: '--password-file',
    variable: WALLET_VARIABLE,
    twice,
  });

export const newPassword = (file: string | undefined): Promise<string> =>
  readPassword({
    question: 'New password',
    file,
    flag: '--new-password-file',
    variable: 'BITORCH_NEW_WALLET_PASSWORD',
    twice: true,
  });

/** A longer secret, words or a view key: from a file, the terminal or stdin. `more`: see `ask`. */
export async function longSecret(
  question: string,
  file: string | undefined,
  more?: (given: string) => string | undefined,
): Promise<string> {
  if (file !== undefined) return readTextFile(file);
  if (isInteractive()) return ask(`${question}: `, more && { more });
  return textOf(await buffer(process.stdin));
}
