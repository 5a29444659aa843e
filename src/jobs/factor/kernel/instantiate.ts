import { readFileSync } from 'node:fs';

/** What is used of the engine's WebAssembly, which the compiler's library without DOM has no names for. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
};

/** A module's memory, as every kernel exports it. */
export interface KernelMemory {
  /** Another one after the memory has grown. */
  readonly memory: { readonly buffer: ArrayBuffer };
}

const modules = new Map<string, object>();

/**
 * A new instance, with memory of its own, of the module that `assembly/<name>.ts` is built to. The code is compiled once
 * in a process.
 */
export function instantiate(name: 'curve' | 'matrix' | 'relations' | 'sieve'): unknown {
  let module = modules.get(name);
  if (module === undefined) {
    module = new WebAssembly.Module(readFileSync(new URL(`./${name}.wasm`, import.meta.url)));
    modules.set(name, module);
  }
  return new WebAssembly.Instance(module).exports;
}
