import { rm } from 'node:fs/promises';

import { messageOf } from '../model/errors.js';
import type { BlobCache } from './blob-cache.js';
import type { AgentEvent, Effect } from './core/events.js';
import type { SlotBoard } from './slot-board.js';

export type BlobEffect = Extract<Effect, { type: 'fetch-program' | 'fetch-input' | 'store-answer' }>;

/** Fetches or stores what the core asked for, and says how that went as the core's next event. */
export async function moveBlobs(
  effect: BlobEffect,
  { blobs, slots }: { readonly blobs: BlobCache; readonly slots: SlotBoard },
): Promise<AgentEvent> {
  switch (effect.type) {
    case 'fetch-program': {
      const { job, bundle } = effect.program;
      const problem = await problemOf(
        blobs.fetch(effect.program.blobs).then(() => (bundle ? blobs.makeModule(bundle) : undefined)),
      );
      if (problem === undefined) return { type: 'program-fetched', job };
      return {
        type: 'program-failed',
        job,
        reason: `The files of job ${String(job)} did not come: ${problem}`,
      };
    }
    case 'fetch-input': {
      const { lease } = effect;
      const problem = await problemOf(blobs.fetch([effect.blob]));
      if (problem === undefined) return { type: 'input-fetched', lease };
      return { type: 'input-failed', lease, reason: `The task's input did not come: ${problem}` };
    }
    case 'store-answer': {
      const { lease } = effect;
      const end = slots.takeLarge(lease);
      if (!end?.largeAnswer)
        return { type: 'answer-not-stored', lease, reason: 'The file of its answer is gone.' };
      const { file, ref } = end.largeAnswer;
      const problem = await problemOf(blobs.store(file, ref));
      await rm(file, { force: true });
      if (problem === undefined)
        return { type: 'answer-stored', lease, outcome: end.outcome, record: end.record };
      const reason = `Its answer of ${String(ref.sizeBytes)} bytes could not be stored: ${problem}`;
      return { type: 'answer-not-stored', lease, reason };
    }
  }
}

async function problemOf(work: Promise<void>): Promise<string | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}
