import { BitorchError, describeProblem } from '#base';

/** Flags whose names differ from their options. */
const FLAGS: Readonly<Record<string, string>> = {
  'swarm.host': '--swarm-host',
  'swarm.port': '--swarm-port',
  walletPassword: '--wallet-password-file',
};

const flagOf = (path: string): string => {
  const [option = ''] = path.split('.');
  return FLAGS[path] ?? FLAGS[option] ?? `--${option.replace(/[A-Z]/g, '-$&').toLowerCase()}`;
};

/** Rewrites a schema error in the node's options to name the flag or config.json field; returns other errors unchanged. */
export function optionProblem(error: unknown): unknown {
  if (!(error instanceof BitorchError) || error.code !== 'SCHEMA_INVALID') return error;
  const { what, path, problem } = error.details;
  if (what !== 'options' || typeof path !== 'string' || typeof problem !== 'string') return error;
  const message = path
    ? `${flagOf(path)} (or "${path}" in config.json): it ${problem}`
    : `config.json ${describeProblem({ path, problem }, '').trim()}`;
  return new BitorchError('OPTION_INVALID', message);
}
