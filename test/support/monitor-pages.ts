import type { Page } from 'playwright-core';

import type { MixedJobs } from './mixed-jobs.js';

/** Every page of the monitor with something to show, by name. */
export function pagesOf(jobs: MixedJobs): Readonly<Record<string, string>> {
  return {
    overview: '/',
    jobs: '/jobs',
    'jobs-none': '/jobs?q=nothing-is-called-like-this',
    'job-completed': `/jobs/${String(jobs.power)}`,
    'job-failed': `/jobs/${String(jobs.failing)}`,
    'job-mixed': `/jobs/${String(jobs.mixed)}`,
    'job-running': `/jobs/${String(jobs.running)}`,
    'job-tasks': `/jobs/${String(jobs.mixed)}?tab=tasks&task=4`,
    'job-task-list': `/jobs/${String(jobs.mixed)}?tab=tasks&view=list`,
    'job-timeline': `/jobs/${String(jobs.running)}?tab=timeline`,
    'job-output': `/jobs/${String(jobs.running)}?tab=output`,
    'job-waiting': `/jobs/${String(jobs.waiting)}`,
    'job-factor': `/jobs/${String(jobs.factor)}`,
    workers: '/workers',
    worker: '/workers/1',
    server: '/server',
    users: '/users',
    help: '/help',
    'not-found': '/jobs/999999',
  };
}

/** Everything that the page asks for at first has come. */
export async function settled(page: Page): Promise<void> {
  await page.getByRole('heading', { level: 1 }).waitFor();
  await page
    .getByText('Loading…')
    .waitFor({ state: 'detached' })
    .catch(() => undefined);
  // What comes by a stream is there within a tick of the server.
  await page.waitForTimeout(700);
}
