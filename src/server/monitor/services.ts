import type { MonitorServices } from './monitor-services.js';
import type { Vitals } from './vitals.js';

/** What the routes about the server itself stand on. */
export interface HttpServices extends MonitorServices {
  readonly vitals: Vitals;
  /** What `GET /api/server` shows of the server's options. */
  readonly config: Readonly<Record<string, string | number | boolean>>;
  /** host:port that clients and workers connect to, as far as the server knows its own name. */
  readonly address: () => string;
  readonly storeBytes: () => number;
}
