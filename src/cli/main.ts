#!/usr/bin/env node
import { enableCompileCache } from 'node:module';
import { codeCacheDirectory } from '#base';
import { handleClosedOutput } from './closed-output.ts';
import { endOnFault, exitCodeOf, printError } from './exit.ts';
import { runProgram } from './program.ts';

handleClosedOutput();
endOnFault();
// Modules loaded from here on are compiled once, not on every start.
enableCompileCache(codeCacheDirectory());

try {
  await runProgram();
} catch (error) {
  printError(error);
  process.exit(exitCodeOf(error));
}
