import { spawn } from 'node:child_process';
import { platform } from 'node:os';

/** Opens a page with the platform's opener. Resolves with whether one took it. */
export function openBrowser(url: string): Promise<boolean> {
  const [command, args] = openerOf(url);
  return new Promise((resolve) => {
    const child = spawn(command, args, { detached: true, stdio: 'ignore' });
    child.once('error', () => resolve(false));
    child.once('spawn', () => {
      // The browser outlives this process, and does not keep it alive.
      child.unref();
      resolve(true);
    });
  });
}

function openerOf(url: string): [string, string[]] {
  if (platform() === 'darwin') return ['open', [url]];
  if (platform() === 'win32') return ['rundll32', ['url.dll,FileProtocolHandler', url]];
  return ['xdg-open', [url]];
}
