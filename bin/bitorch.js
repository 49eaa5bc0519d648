#!/usr/bin/env node
// Plain JavaScript that old versions of Node.js can read, so that they can say what is wrong.
const OLDEST = 24;
const version = process.versions.node;

if (Number(version.split('.')[0]) >= OLDEST) {
  import('../src/cli/main.ts');
} else {
  process.stderr.write(
    `bitorch: it needs Node.js ${OLDEST} or newer, and this is ${version} (${process.execPath}): ` +
      'run "npx bitorch" in its folder, where "npm ci" has put the right one, or install a newer Node.js [NODE_TOO_OLD]\n',
  );
  process.exitCode = 1;
}
