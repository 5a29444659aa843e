import type { Server } from '@grpc/grpc-js';
import { HealthImplementation } from 'grpc-health-check';

/** Standard health checks (grpc.health.v1), as load balancers and `grpc_health_probe` ask for them. */
export interface Health {
  /** Whether the server takes calls; `false` while it starts and once it drains. */
  setServing(serving: boolean): void;
}

/**
 * Adds the health service to a server that does not listen yet.
 *
 * @param services full names, such as `dsage.v1.ClientService`; the empty name stands for the whole server
 */
export function addHealth(server: Server, services: readonly string[]): Health {
  const names = ['', ...services];
  const health = new HealthImplementation(Object.fromEntries(names.map((name) => [name, 'NOT_SERVING'])));
  health.addToServer(server);
  return {
    setServing(serving) {
      for (const name of names) health.setStatus(name, serving ? 'SERVING' : 'NOT_SERVING');
    },
  };
}
