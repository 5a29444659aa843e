import { platform } from 'node:os';

import { openBrowser } from '../../client/browser.js';
import type { Cli } from '../cli.js';

/** Prints a link that opens the monitor once, and opens it where there is a screen. */
export async function web(
  cli: Cli,
  _: string[],
  { open: wanted }: { readonly open: boolean },
): Promise<undefined> {
  const url = await cli.withServer((d) => d.webLogin());
  if (cli.json) {
    cli.printJson({ url });
    return;
  }
  cli.printLine(url);
  cli.note('It opens the monitor as you, once, within five minutes: give it to nobody.');
  const { hostname, port } = new URL(url);
  const server = (await cli.serverAddress()).replace(/:\d+$/, '');
  if (isHere(hostname) && !isHere(server)) {
    cli.note(
      `It listens on the server's machine only. First: ssh -L ${port}:localhost:${port} ${server} (or start the server with --web-host).`,
    );
    return;
  }
  if (wanted && hasScreen(cli) && !(await openBrowser(url)))
    cli.note('No browser was found to open it with.');
}

function isHere(host: string): boolean {
  return ['localhost', '127.0.0.1', '[::1]'].includes(host);
}

/** Only a person at a terminal of a machine with a screen wants a window. */
function hasScreen({ io }: Cli): boolean {
  if (!('isTTY' in io.stdout) || !io.stdout.isTTY) return false;
  if (platform() !== 'linux') return true;
  return (io.env['DISPLAY'] ?? '') !== '' || (io.env['WAYLAND_DISPLAY'] ?? '') !== '';
}
