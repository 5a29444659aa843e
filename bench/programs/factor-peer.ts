// Splits an integer with somebody else's program in JavaScript or WebAssembly, and prints the factors, one a line:
//
//     factor-peer.js PROGRAM WHERE N
//
// WHERE is the package, the directory or the file that the program was found in: see bench/support/factor-peers.ts.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { runInThisContext } from 'node:vm';

/** Node's types lack it, and those of a browser are not for here. */
declare const WebAssembly: {
  instantiate(
    bytes: Uint8Array,
    imports: Readonly<Record<string, unknown>>,
  ): Promise<{ readonly instance: { readonly exports: unknown } }>;
};

const [program = '', where = '', n = ''] = process.argv.slice(2);

const programs: Readonly<Record<string, () => Promise<void>>> = { package: ofPackage, msieve, alpertron };
await programs[program]?.();

/** A package whose default export takes a bigint and returns a divisor. */
async function ofPackage(): Promise<void> {
  // It says on stdout what it does.
  console.log = console.debug = () => undefined;
  const { default: divisorOf } = (await import(where)) as { default: (n: bigint) => bigint };
  const divisor = divisorOf(BigInt(n));
  process.stdout.write(`${divisor}\n${BigInt(n) / divisor}\n`);
}

/** What Emscripten makes of CrypTool's msieve, as its worker starts it. */
interface MsieveModule {
  print: (line: string) => void;
  printErr: (line: string) => void;
  publishState: () => void;
  publishInputNumber: () => void;
  publishFactor: (kind: number, factor: string) => void;
  onRuntimeInitialized: () => void;
  ccall?: (name: string, returns: string, takes: readonly string[], given: readonly string[]) => number;
}

/** A script for pages and for Node: it looks for what only these have. */
function msieve(): Promise<void> {
  process.chdir(where);
  return new Promise((resolve) => {
    const module: MsieveModule = {
      ...{ print: () => undefined, printErr: () => undefined },
      ...{ publishState: () => undefined, publishInputNumber: () => undefined },
      publishFactor: (_kind, factor) => process.stdout.write(`${factor}\n`),
      onRuntimeInitialized: () => {
        module.ccall?.('sieve', 'number', ['string'], [n]);
        resolve();
      },
    };
    const require = createRequire(import.meta.url);
    // Node's own fetch takes no path; without one the script reads the file.
    Object.assign(globalThis, {
      Module: module,
      fetch: undefined,
      __dirname: where,
      require,
    });
    runInThisContext(readFileSync(join(where, 'msieve.js'), 'utf8'));
  });
}

interface AlpertronExports {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly getInputStringPtr: () => number;
  readonly doWork: () => void;
  readonly _initialize?: () => void;
}

/** Dario Alpern's calculator: a module that takes text, and gives a page's HTML back. */
async function alpertron(): Promise<void> {
  let page = '';
  const nothing = (): void => undefined;
  const imports = {
    databack: (at: number) => (page = textAt(exports.memory, at)),
    tenths: () => Math.floor(Date.now() / 100),
    ...{ startSkipTest: nothing, endSkipTest: nothing, getCunn: nothing },
  };
  const { instance } = await WebAssembly.instantiate(readFileSync(where), { env: imports });
  const exports = instance.exports as AlpertronExports;
  exports._initialize?.();
  // No groups of digits; factor; nothing of what its form offers; then the number, and the factors known before: none.
  const input = new TextEncoder().encode(`0,2,00000,${n}\u0001\0`);
  new Uint8Array(exports.memory.buffer).set(input, exports.getInputStringPtr());
  exports.doWork();
  const factors = page.replaceAll(/<[^>]*>/g, '').matchAll(/\d+/g);
  for (const [factor] of factors) process.stdout.write(`${factor}\n`);
}

function textAt({ buffer }: AlpertronExports['memory'], at: number): string {
  const bytes = new Uint8Array(buffer);
  return new TextDecoder().decode(bytes.subarray(at, bytes.indexOf(0, at)));
}
