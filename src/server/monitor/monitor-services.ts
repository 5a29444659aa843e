import type { Services } from '../services/services.js';
import type { LiveView } from './view/live-view.js';
import type { Vitals } from './vitals.js';

/** What the monitor's routes stand on: the same as the gRPC handlers, and what is kept for people that watch. */
export interface MonitorServices extends Services {
  readonly live: LiveView;
  readonly vitals: Vitals;
  /** What `GET /api/server` shows of the server's options. */
  readonly config: Readonly<Record<string, string | number | boolean>>;
  /** host:port that clients and workers connect to, as far as the server knows its own name. */
  readonly address: () => string;
  readonly storeBytes: () => number;
}
