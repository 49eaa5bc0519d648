import { join } from 'node:path';
import { BitorchError } from '#base';
import { run, succeeds } from '../poc/command.ts';
import { buildImage } from '../poc/image.ts';

/** Builds the container image and saves it in `folder` for `docker load`. Throws ENGINE_MISSING, BASE_IMAGE_MISSING, COMMAND_FAILED. */
export async function saveImage(folder: string, version: string, base: string): Promise<string> {
  if (!(await succeeds(['docker', 'info'])))
    throw new BitorchError('ENGINE_MISSING', 'Docker does not answer');
  const name = `bitorch:${version}`;
  await buildImage({ docker: ['docker'], compose: [] }, { name, base }, {});
  const architecture = await run(['docker', 'image', 'inspect', '--format', '{{.Architecture}}', name]);
  const file = `bitorch-${version}-image-${architecture.trim()}.tar`;
  await run(['docker', 'save', '--output', join(folder, file), name]);
  return file;
}
