import { BitorchError, codeOf, messageOf } from '#base';

/** What Node's errors of the operating system say of themselves. */
interface SystemError {
  readonly code: string;
  readonly path?: string;
  readonly dest?: string;
  readonly address?: string;
  readonly hostname?: string;
  readonly port?: number;
}

const file = ({ path, dest }: SystemError): string => dest ?? path ?? 'the data directory';
const endpoint = ({ address, hostname, port }: SystemError): string =>
  `${hostname ?? address ?? 'the other side'}${port === undefined ? '' : `, port ${port}`}`;

const SENTENCES: Readonly<Record<string, (error: SystemError) => string>> = {
  ENOSPC: (error) =>
    `the disk is full: nothing more can be written to ${file(error)}. Make space, or name a folder on another disk with --home`,
  EDQUOT: (error) => `your quota of disk space is used up: nothing more can be written to ${file(error)}`,
  EROFS: (error) => `${file(error)} is on a disk that can only be read: name another folder`,
  EACCES: (error) =>
    error.port === undefined
      ? `${file(error)} is not yours to read or to write: change its permissions, or name another one`
      : `port ${error.port} is reserved for the system: choose one from 1024 on`,
  EPERM: (error) => `the system does not allow this with ${file(error)}`,
  ENOENT: (error) => `${file(error)} does not exist`,
  EISDIR: (error) => `${file(error)} is a folder, and a file is needed`,
  ENOTDIR: (error) => `${file(error)} is below a file, and a folder is needed`,
  EMFILE: () => 'too many files are open: raise the limit with "ulimit -n"',
  EADDRINUSE: (error) => `port ${error.port} of ${error.address} is taken by another program: choose another`,
  EADDRNOTAVAIL: (error) => `${error.address} is no address of this machine`,
  ECONNREFUSED: (error) => `nothing answers at ${endpoint(error)}`,
  ECONNRESET: () => 'the other side has closed the connection',
  UND_ERR_SOCKET: () => 'the other side has closed the connection',
  ENOTFOUND: (error) => `the name ${error.hostname ?? ''} is not known: check it, and the network`,
  EAI_AGAIN: (error) => `the name ${error.hostname ?? ''} cannot be looked up: check the network`,
  ETIMEDOUT: (error) => `${endpoint(error)} does not answer`,
  EHOSTUNREACH: (error) => `${endpoint(error)} cannot be reached`,
  ENETUNREACH: (error) => `${endpoint(error)} cannot be reached: check the network`,
};

/**
 * An error as a person is told: one of ours as it is; one of the operating system, wherever it is in the chain of causes
 * (fetch says "fetch failed" and keeps the reason there), as a sentence that says what and where.
 */
export function explain(error: unknown): { code: string; message: string } {
  if (error instanceof BitorchError) return error;
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 8; at = causeOf(at), depth++) {
    const sentence = SENTENCES[codeOf(at)];
    if (sentence) return { code: codeOf(at), message: sentence(at as unknown as SystemError) };
  }
  const cause = error instanceof Error && error.message === 'fetch failed' && causeOf(error);
  const message = cause ? `a server cannot be asked: ${messageOf(cause)}` : messageOf(error);
  return { code: codeOf(error), message };
}

/** Several tries that failed have their reasons in a list. */
const causeOf = (error: Error): unknown => (error instanceof AggregateError ? error.errors[0] : error.cause);
