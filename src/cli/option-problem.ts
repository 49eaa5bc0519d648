import { BitorchError, describeProblem } from '#base';

/** Options that are called otherwise as flags. */
const FLAGS: Readonly<Record<string, string>> = {
  'swarm.host': '--swarm-host',
  'swarm.port': '--swarm-port',
  walletPassword: '--wallet-password-file',
};

const flagOf = (path: string): string => {
  const [option = ''] = path.split('.');
  return FLAGS[path] ?? FLAGS[option] ?? `--${option.replace(/[A-Z]/g, '-$&').toLowerCase()}`;
};

/** What is wrong with a node's options, by the flag that sets it (or the field of config.json): other errors as they are. */
export function optionProblem(error: unknown): unknown {
  if (!(error instanceof BitorchError) || error.code !== 'SCHEMA_INVALID') return error;
  const { what, path, problem } = error.details;
  if (what !== 'options' || typeof path !== 'string' || typeof problem !== 'string') return error;
  const message = path
    ? `${flagOf(path)} (or "${path}" in config.json): it ${problem}`
    : `config.json ${describeProblem({ path, problem }, '').trim()}`;
  return new BitorchError('OPTION_INVALID', message);
}
