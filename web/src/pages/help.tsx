import type { ServerDetail } from '../../../src/model/monitor.js';
import { getJson } from '../api.js';
import { useFetch } from '../live/use-fetch.js';
import { Command } from '../parts/copy.js';
import { Card, Page } from '../parts/page.js';

/** Where gRPC listens when the server does not say. */
const USUAL_PORT = 8081;

export function HelpPage() {
  const server = useFetch('server', () => getJson<ServerDetail>('server')).value.value;
  const address = server?.address ?? `${location.hostname}:${USUAL_PORT}`;
  const host = address.replace(/:\d+$/, '');
  return (
    <Page title="Help">
      <p class="lead">
        This server is at <code>{address}</code>. Copy what you need.
      </p>
      <div class="columns help">
        <Card title="Submit a job">
          <p>In a terminal on a machine that has your certificate:</p>
          <Command label="submit a job" text={`npx dsage --server ${address} eval '2n**200n'`} />
          <p>In a program:</p>
          <Command
            label="connect from a program"
            text={`import { dsage } from 'dsage';\n\nconst d = await dsage.connect({ server: '${address}' });\nconst job = d('2n**200n');\nconsole.log(await job.wait());\nawait d.close();`}
          />
        </Card>
        <Card title="Start a worker">
          <p>On the server’s machine:</p>
          <Command label="start a worker here" text={`npx dsage-worker --server ${address}`} />
          <p>On another machine of yours, with your certificate:</p>
          <Command
            label="start a worker elsewhere"
            text={`scp ${host}:.sage/dsage/{dsage_key,dsage_key.pub,pubcert.pem} ~/.sage/dsage/\nnpx dsage-worker --server ${address}`}
          />
          <p class="muted">
            It takes a slot for each processor; <code>--slots 4</code>, <code>--labels bigmem</code> and{' '}
            <code>--nice 19</code> change how it takes part.
          </p>
        </Card>
        <Card title="Let a colleague in">
          <p>They run, on their machine:</p>
          <Command label="ask for a certificate" text="npx dsage user request NAME" />
          <p>
            You sign the request, here under <a href="/users">Users</a> or with:
          </p>
          <Command label="add a user" text={`npx dsage --server ${address} user add NAME --csr NAME.csr`} />
          <p>They take the certificate that you send back:</p>
          <Command
            label="accept a certificate"
            text={`npx dsage user accept NAME.pem\nnpx dsage --server ${address} status`}
          />
        </Card>
        <Card title="Look closer">
          <Command label="status of the cluster" text={`npx dsage --server ${address} status`} />
          <Command label="why a job does not run" text={`npx dsage --server ${address} explain JOB`} />
          <Command label="the overview in the terminal" text={`npx dsage --server ${address} top`} />
          <p>
            The page’s own data:{' '}
            <a href="/api/openapi.json" target="_blank" rel="noreferrer">
              OpenAPI
            </a>
            ,{' '}
            <a href="/metrics" target="_blank" rel="noreferrer">
              metrics for Prometheus
            </a>
            .
          </p>
        </Card>
      </div>
    </Page>
  );
}
