import type { AnswerLedger } from '#dsage/client/core/answers.js';
import type { JobStatus } from '#dsage/model/status.js';

import type { Plan } from './plan.js';

/** One job as its client sees it. */
export interface Handle {
  readonly seq: number;
  readonly plan: Plan;
  readonly ledger: AnswerLedger;
  id: number | undefined;
  generation: number;
  status: JobStatus;
  /** Whether all that can be known is here: a final status, or a refusal. */
  isSettled: boolean;
  problem: string | undefined;
}
