import { Service } from './service.ts';
import { type ServiceState, serviceSystem } from './systems.ts';

/** What `bitorch status` shows of the service. */
export interface ServiceView {
  /** Name of the system that keeps it running. */
  readonly system: string;
  readonly state: ServiceState;
  /** How to read what it writes. */
  readonly logs: string;
}

/** The installed service; undefined when there is none. */
export async function serviceView(): Promise<ServiceView | undefined> {
  const system = serviceSystem();
  const state = system && (await new Service(system).state());
  return state && { system: system.name, state, logs: system.logs };
}
