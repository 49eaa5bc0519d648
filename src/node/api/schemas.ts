/** The schemas of the API, for the server: `api.zWallet`. */
export * from './chain.ts';
export * from './chat.ts';
export * from './doctor.ts';
export * from './fields.ts';
export * from './models.ts';
export * from './network.ts';
export * from './node.ts';
export * from './security.ts';
export * from './settings.ts';
export * from './setup.ts';
export * from './stake.ts';
export * from './threads.ts';
export * from './wallet.ts';
