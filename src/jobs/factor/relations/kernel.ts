import { readFileSync } from 'node:fs';

/** What the compiler's library without DOM has no names for. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
};

/** A module's memory, as every kernel exports it. */
export interface KernelMemory {
  /** Another one after the memory has grown. */
  readonly memory: { readonly buffer: ArrayBuffer };
}

const modules = new Map<string, object>();

/** A new instance, with memory of its own, of the module that `kernel/assembly/<name>.ts` is built to. */
export function instantiate(name: string): unknown {
  let module = modules.get(name);
  if (module === undefined) {
    module = new WebAssembly.Module(readFileSync(new URL(`../kernel/${name}.wasm`, import.meta.url)));
    modules.set(name, module);
  }
  return new WebAssembly.Instance(module, {}).exports;
}
