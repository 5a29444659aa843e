import type { Effects } from './effects.js';
import type { State } from './state.js';

/** One transition under way: what it changes, when, and what it has gathered to be done. */
export interface Turn {
  readonly state: State;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly effects: Effects;
}
