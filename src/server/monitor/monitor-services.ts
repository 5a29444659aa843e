import type { ServerDetail } from '../../model/monitor.js';
import type { Identity } from '../../model/user.js';
import type { Services } from '../services/services.js';
import type { LiveView } from './view/live-view.js';

/** What the monitor's routes stand on: the same as the gRPC handlers, and what is kept for people that watch. */
export interface MonitorServices extends Services {
  readonly live: LiveView;
  /** What the topic `server` tells; without it there is no such topic. */
  readonly serverDetail?: (caller: Identity) => ServerDetail;
}
