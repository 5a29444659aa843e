import type { JobDetail, Timeline } from '../../../src/model/monitor.js';
import { getJson } from '../api.js';
import { useFetch } from '../live/use-fetch.js';
import { Card, Failure, Loading } from '../parts/page.js';
import { TimelineView } from '../parts/timeline.js';

export function JobTimeline({ job }: { readonly job: JobDetail }) {
  const path = `jobs/${job.id}/timeline`;
  const changed = `${job.generation} ${Object.values(job.counts).join(' ')}`;
  const { value, error } = useFetch(path, () => getJson<Timeline>(path), {
    again: changed,
    everyMs: 2_000,
  }).value;
  return (
    <Card title="Tasks on workers">
      {error && <Failure error={error} />}
      {!value && !error && <Loading />}
      {value && <TimelineView timeline={value} names="tasks" />}
    </Card>
  );
}
