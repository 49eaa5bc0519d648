import { BitorchError, codeOf, messageOf } from '#base';

/** Fields of Node's system errors. */
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
    `the disk is full: nothing more can be written to ${file(error)}. Free some space, or choose a folder on another disk with --home`,
  EDQUOT: (error) => `your disk quota is used up: nothing more can be written to ${file(error)}`,
  EROFS: (error) => `${file(error)} is on a read-only disk: choose another folder`,
  EACCES: (error) =>
    error.port === undefined
      ? `${file(error)} cannot be read or written: change its permissions, or choose another path`
      : `port ${error.port} is reserved for the system: choose one from 1024 on`,
  EPERM: (error) => `the operating system does not permit this on ${file(error)}`,
  ENOENT: (error) => `${file(error)} does not exist`,
  EISDIR: (error) => `${file(error)} is a folder, but must be a file`,
  ENOTDIR: (error) => `${file(error)} has a file in place of a folder in its path`,
  EMFILE: () => 'too many files are open: raise the limit with "ulimit -n"',
  EADDRINUSE: (error) => `port ${error.port} of ${error.address} is taken by another program: choose another`,
  EADDRNOTAVAIL: (error) => `${error.address} is not an address of this machine`,
  ECONNREFUSED: (error) => `nothing answers at ${endpoint(error)}`,
  ECONNRESET: () => 'the other side closed the connection',
  UND_ERR_SOCKET: () => 'the other side closed the connection',
  ENOTFOUND: (error) =>
    `the host name ${error.hostname ?? ''} is unknown: check the spelling and the network`,
  EAI_AGAIN: (error) => `the host name ${error.hostname ?? ''} cannot be resolved: check the network`,
  ETIMEDOUT: (error) => `${endpoint(error)} does not answer`,
  EHOSTUNREACH: (error) => `${endpoint(error)} cannot be reached`,
  ENETUNREACH: (error) => `${endpoint(error)} cannot be reached: check the network`,
};

/**
 * Code and message of an error for display. A BitorchError is returned as it is. A system error, wherever it is in the chain
 * of causes (fetch hides it behind "fetch failed"), becomes a sentence that names the file or host.
 */
export function explain(error: unknown): { code: string; message: string } {
  if (error instanceof BitorchError) return error;
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 8; at = causeOf(at), depth++) {
    const sentence = SENTENCES[codeOf(at)];
    if (sentence) return { code: codeOf(at), message: sentence(at as unknown as SystemError) };
  }
  const cause = error instanceof Error && error.message === 'fetch failed' && causeOf(error);
  const message = cause ? `a request to a server failed: ${messageOf(cause)}` : messageOf(error);
  return { code: codeOf(error), message };
}

/** An AggregateError, of several failed attempts, has its causes in a list. */
const causeOf = (error: Error): unknown => (error instanceof AggregateError ? error.errors[0] : error.cause);
