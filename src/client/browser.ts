import { spawn } from 'node:child_process';
import { platform } from 'node:os';

/** An opener that finds no browser ends within this time; one that goes on has become the browser itself. */
const FAILS_WITHIN_MS = 2_000;

/** Opens a page with the platform's opener. Resolves with whether one took it. */
export function openBrowser(url: string): Promise<boolean> {
  const [command, args] = openerOf(url);
  return new Promise((resolve) => {
    const child = spawn(command, args, { detached: true, stdio: 'ignore' });
    const timer = setTimeout(() => {
      // The browser outlives this process, and does not keep it alive.
      child.unref();
      resolve(true);
    }, FAILS_WITHIN_MS);
    const settle = (isOpen: boolean): void => {
      clearTimeout(timer);
      resolve(isOpen);
    };
    child.once('error', () => {
      settle(false);
    });
    child.once('exit', (code) => {
      settle(code === 0);
    });
  });
}

function openerOf(url: string): [string, string[]] {
  if (platform() === 'darwin') return ['open', [url]];
  if (platform() === 'win32') return ['rundll32', ['url.dll,FileProtocolHandler', url]];
  return ['xdg-open', [url]];
}
