export * from './beacon.ts';
