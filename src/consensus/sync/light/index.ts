export * from './client.ts';
export * from './verify.ts';
