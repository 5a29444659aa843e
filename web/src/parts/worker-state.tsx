import type { WorkerSummary } from '../../../src/model/monitor.js';

type Stated = Pick<WorkerSummary, 'connected' | 'draining'>;

export function WorkerState({ worker: { connected, draining } }: { readonly worker: Stated }) {
  const word = connected ? (draining ? 'draining' : 'connected') : 'away';
  return (
    <span class={`status worker-${word}`}>
      <span class={connected ? (draining ? 'dot half' : 'dot on') : 'dot'} aria-hidden="true" />
      {word}
    </span>
  );
}
