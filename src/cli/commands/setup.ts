import { setup } from '../../deploy/setup.js';
import type { Cli } from '../cli.js';

export async function runSetup(
  cli: Cli,
  _: string[],
  { user, host = [] }: { readonly user?: string; readonly host?: readonly string[] },
): Promise<undefined> {
  const report = await setup({
    directory: cli.directory,
    hosts: host,
    ...(user === undefined ? {} : { user }),
  });
  if (cli.json) {
    cli.printJson(report);
    return;
  }
  const { created, cluster, directory } = report;
  const what = created.length === 0 ? 'everything was there' : `made ${created.join(', ')}`;
  cli.printLine(`The cluster ${cluster} is in ${directory}: ${what}.`);
  cli.printLine(`Its admin is ${report.user}. Start it with: dsage up`);
}
