export { addressOf } from './addresses.ts';
export { AbciServer, type AbciServerDependencies, type AbciServerOptions } from './server.ts';
export { readValidatorKey } from './validator-key.ts';
