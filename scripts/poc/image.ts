import { existsSync } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { BitorchError } from '#base';
import { type CommandOptions, run, succeeds } from './command.ts';
import type { Engine } from './engine.ts';
import { type Lockfile, productionPackages } from './packages.ts';

const ROOT = join(import.meta.dirname, '../..');
const MODULES = join(ROOT, 'dist/image/modules.tar');

export interface ImageOptions {
  readonly name: string;
  readonly base: string;
}

/** Builds the image of a node from this checkout. Throws BASE_IMAGE_MISSING and COMMAND_FAILED. */
export async function buildImage(engine: Engine, { name, base }: ImageOptions, options: CommandOptions) {
  await fetchBase(engine, base, options);
  await run(['npm', '--prefix', ROOT, 'run', '--silent', 'build:web'], options);
  await rm(MODULES, { force: true });
  const hasNpm = [
    ...engine.docker,
    'run',
    '--rm',
    '--network=none',
    '--entrypoint=sh',
    base,
    '-c',
    'command -v npm',
  ];
  if (!(await succeeds(hasNpm, options.signal))) await packModules(options);
  const dockerfile = join(ROOT, 'packaging/Dockerfile');
  const build = ['build', '-f', dockerfile, '--build-arg', `BASE_IMAGE=${base}`, '-t', name, ROOT];
  await run([...engine.docker, ...build], options);
}

async function fetchBase({ docker }: Engine, base: string, options: CommandOptions): Promise<void> {
  if (await succeeds([...docker, 'image', 'inspect', base], options.signal)) return;
  try {
    await run([...docker, 'pull', base], options);
  } catch (error) {
    options.signal?.throwIfAborted();
    throw new BitorchError(
      'BASE_IMAGE_MISSING',
      `the base image ${base} cannot be fetched: name one that is here with --base, or make one on Debian with ` +
        '"packaging/base-image.sh" and give --base bitorch-base',
      {},
      error,
    );
  }
}

/** Puts this checkout's own production packages where packaging/Dockerfile looks for them. */
async function packModules(options: CommandOptions): Promise<void> {
  const lock = JSON.parse(await readFile(join(ROOT, 'package-lock.json'), 'utf8')) as Lockfile;
  const folders = productionPackages(lock).filter((path) => existsSync(join(ROOT, path)));
  await mkdir(join(MODULES, '..'), { recursive: true });
  await run(
    ['tar', '-C', ROOT, '-cf', MODULES, '--owner=0', '--group=0', 'node_modules/.bin/node', ...folders],
    options,
  );
}
