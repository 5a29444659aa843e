import { spawnSync } from 'node:child_process';

/** Debian's own Python, for which its packages are installed, before any other on the path. */
const PYTHONS = ['/usr/bin/python3', 'python3'];

/** A Python that has these modules. */
export function pythonWith(...modules: readonly string[]): string | undefined {
  return PYTHONS.find((command) => spawnSync(command, ['-c', `import ${modules.join(', ')}`]).status === 0);
}
