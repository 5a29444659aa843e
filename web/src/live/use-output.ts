import { type ReadonlySignal, useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';

import type { OutputEvents } from '../../../src/model/monitor.js';
import { appendPieces, type Output } from '../format/output.js';
import { openStream } from './stream.js';
import type { Live } from './topic.js';
import { useStream } from './use-stream.js';

const NOTHING = { value: undefined, error: undefined };

/**
 * What the tasks of a job write, as it comes; of one task where `index` says so. Each connection begins with the end of
 * what is stored, which takes the place of what was shown: nothing is missed and nothing is there twice.
 */
export function useOutput(job: number, generation: number, index: string): ReadonlySignal<Live<Output>> {
  const data = useSignal<Live<Output>>(NOTHING);
  const path = `jobs/${job}/output/events${index && `?index=${encodeURIComponent(index)}`}`;
  const key = `${path} ${generation}`;
  useEffect(() => {
    data.value = NOTHING;
  }, [key]);
  useStream(key, () => {
    const close = openStream(path, {
      events: {
        snapshot: (json) => {
          const { pieces, cut } = JSON.parse(json) as OutputEvents['snapshot'];
          data.value = { value: appendPieces({ sections: [], isCut: cut }, pieces), error: undefined };
        },
        output: (json) => {
          const { value } = data.peek();
          const { pieces, cut } = JSON.parse(json) as OutputEvents['output'];
          // What was shown does not go on with it.
          const before = cut || !value ? { sections: [], isCut: cut } : value;
          data.value = { value: appendPieces(before, pieces), error: undefined };
        },
        end: () => close(),
      },
      refused: (error) => {
        data.value = { value: undefined, error };
      },
    });
    return close;
  });
  return data;
}
