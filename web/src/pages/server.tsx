import type { ServerDetail } from '../../../src/model/monitor.js';
import { getLog } from '../api.js';
import { bytes, grouped } from '../format/number.js';
import { duration } from '../format/time.js';
import { now } from '../live/clock.js';
import { useFetch } from '../live/use-fetch.js';
import { useResource } from '../live/use-resource.js';
import { LogView } from '../parts/log.js';
import { Card, Facts, Failure, Loading, Page, Scroll } from '../parts/page.js';
import { Foreign, When } from '../parts/text.js';

const MB = 1024 * 1024;

export function ServerPage() {
  const { value: server, error } = useResource<ServerDetail>('server', 'server');
  const log = useFetch('server/log', () => getLog('server/log?lines=200'), {
    again: Math.floor(now.value / 5_000),
    everyMs: 5_000,
  }).value;
  return (
    <Page title="Server">
      {!server && (error ? <Failure error={error} /> : <Loading />)}
      {server && <Content server={server} />}
      <Card title="Log">
        {log.error && <Failure error={log.error} />}
        {log.value && <LogView lines={log.value} label="Log of the server" />}
      </Card>
    </Page>
  );
}

/** A setting's value as people read it; `port` and `webPort` are names more than numbers. */
function setting(name: string, value: string | number | boolean): string {
  if (typeof value !== 'number' || /port$/i.test(name)) return String(value);
  return name.endsWith('Ms') ? duration(value) : grouped(value);
}

function Content({ server }: { readonly server: ServerDetail }) {
  const { eventLoopDelayMs, commitMs, clients, config } = server;
  return (
    <>
      <div class="columns even">
        <Card title="State">
          <Facts
            rows={[
              ['Version', <Foreign text={server.version} />],
              ['Node', server.node],
              ['Cluster', <Foreign text={server.cluster} />],
              [
                'Up for',
                <span title={new Date(server.startedAtMs).toISOString()}>
                  {duration(now.value - server.startedAtMs)}
                </span>,
              ],
              ['Address', <Foreign text={server.address} />],
              ['Monitor', <Foreign text={server.webUrl} />],
              ['Store', bytes(server.storeBytes)],
              ['Memory', bytes(server.memoryMb * MB)],
              ['Event loop delay', `${ms(eventLoopDelayMs.p50)} median, ${ms(eventLoopDelayMs.p99)} p99`],
              ['Commit time', `${ms(commitMs.p50)} median, ${ms(commitMs.p99)} p99`],
              ['Commits', grouped(server.commits)],
            ]}
          />
        </Card>
        <Card title="Configuration">
          <Facts
            rows={Object.entries(config).map(([name, value]) => [
              name,
              <Foreign text={setting(name, value)} />,
            ])}
          />
        </Card>
      </div>
      <Card title="Clients">
        {clients.length === 0 ? (
          <p class="muted">
            No program is connected. <a href="/help">How to connect one</a>
          </p>
        ) : (
          <Clients clients={clients} />
        )}
      </Card>
    </>
  );
}

function Clients({ clients }: Pick<ServerDetail, 'clients'>) {
  return (
    <Scroll label="Clients">
      <table class="table">
        <thead>
          <tr>
            <th>User</th>
            <th>Host</th>
            <th class="number">Process</th>
            <th>Version</th>
            <th>Connected</th>
          </tr>
        </thead>
        <tbody>
          {clients.map((client) => (
            <tr key={`${client.host} ${client.pid} ${client.connectedAtMs}`}>
              <td>
                <Foreign text={client.user} />
              </td>
              <td>
                <Foreign text={client.host} />
              </td>
              <td class="number">{client.pid}</td>
              <td>
                <Foreign text={client.version} />
              </td>
              <td>
                <When atMs={client.connectedAtMs} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

function ms(value: number): string {
  return `${value.toFixed(value < 10 ? 2 : 0)} ms`;
}
