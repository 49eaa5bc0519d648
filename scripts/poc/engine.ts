import { BitorchError } from '#base';
import { succeeds } from './command.ts';

/** The commands of a container engine that answers. */
export interface Engine {
  readonly docker: readonly string[];
  readonly compose: readonly string[];
}

const COMPOSE = [['docker', 'compose'], ['docker-compose']];

/** Finds Docker and either generation of Compose. Throws ENGINE_MISSING, which says how to get one. */
export async function findEngine(signal: AbortSignal): Promise<Engine> {
  if (!(await succeeds(['docker', '--version'], signal))) throw missing('Docker is not installed');
  if (!(await succeeds(['docker', 'info'], signal))) {
    throw missing('Docker does not answer: start it ("systemctl start docker", "dockerd", Docker Desktop)');
  }
  for (const compose of COMPOSE) {
    if (await succeeds([...compose, 'version'], signal)) return { docker: ['docker'], compose };
  }
  throw missing('Docker Compose is not installed');
}

const missing = (reason: string): BitorchError =>
  new BitorchError(
    'ENGINE_MISSING',
    `${reason}. On Debian and Ubuntu "apt-get install docker.io docker-compose" brings both; elsewhere see ` +
      'https://docs.docker.com/get-started/get-docker/. Your user must be allowed to use it.',
  );
