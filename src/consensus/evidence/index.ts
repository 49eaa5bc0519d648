export * from './blame.ts';
