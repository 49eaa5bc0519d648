export { cometAddressOf as addressOf } from '#ledger';
export { AbciServer, type AbciServerDependencies, type AbciServerOptions } from './server.ts';
export { readValidatorKey } from './validator-key.ts';
