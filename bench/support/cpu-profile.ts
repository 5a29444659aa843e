import { fileURLToPath } from 'node:url';

import { root } from './paths.js';

/** A file that V8's profiler writes, as far as it is read here. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly children?: readonly number[];
    readonly callFrame: {
      readonly functionName: string;
      readonly url: string;
      /** From 0. */
      readonly lineNumber: number;
    };
  }[];
  readonly samples: readonly number[];
  /** Microseconds between a sample and the one before it. */
  readonly timeDeltas: readonly number[];
}

export interface Cost {
  readonly what: string;
  /** Microseconds on the CPU outside of what it called. */
  readonly selfUs: number;
}

/** V8's names for time in which nothing ran. */
const NOT_RUNNING = ['(idle)'];

type Frame = CpuProfile['nodes'][number]['callFrame'];

/** Self time by function, most expensive first; and the same by package or folder. */
export function costs({ nodes, samples, timeDeltas }: CpuProfile): {
  readonly functions: Cost[];
  readonly places: Cost[];
} {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const callers = new Map(
    nodes.flatMap(({ callFrame, children = [] }) => children.map((child) => [child, callFrame])),
  );
  const functions = new Map<string, number>();
  const places = new Map<string, number>();
  samples.forEach((id, at) => {
    const frame = frames.get(id);
    if (frame === undefined || NOT_RUNNING.includes(frame.functionName)) return;
    // A sample stands for the time until the next one.
    const us = timeDeltas[at + 1] ?? 0;
    add(functions, describe(frame, callers.get(id)), us);
    add(places, folderOf(placeOf(frame.url, frame.functionName)), us);
  });
  return { functions: sorted(functions), places: sorted(places) };
}

/** Native functions of one name are many: their caller tells them apart. */
function describe(frame: Frame, caller: Frame | undefined): string {
  const name = frame.functionName === '' ? '(anonymous)' : frame.functionName;
  if (frame.url !== '') return `${name} ${placeOf(frame.url, name)}:${frame.lineNumber + 1}`;
  if (caller === undefined || name.startsWith('(g') || name.startsWith('(p')) return name;
  return `${name} in ${caller.functionName} ${placeOf(caller.url, '')}:${caller.lineNumber + 1}`;
}

function placeOf(url: string, functionName: string): string {
  if (url === '') return functionName.startsWith('(') ? functionName : '(native)';
  if (!url.startsWith('file:')) return url;
  return fileURLToPath(url)
    .replace(`${root}/`, '')
    .replace(/^.*node_modules\//, '');
}

/** `dist/server/core/step.js` → `dist/server/core`, `@grpc/grpc-js/build/src/x.js` → `@grpc/grpc-js`. */
function folderOf(place: string): string {
  if (place.startsWith('(')) return place;
  const parts = place.split('/');
  if (place.startsWith('dist/')) return parts.slice(0, -1).join('/');
  if (place.startsWith('node:')) return place;
  return parts.slice(0, place.startsWith('@') ? 2 : 1).join('/');
}

function add(sums: Map<string, number>, key: string, us: number): void {
  sums.set(key, (sums.get(key) ?? 0) + us);
}

function sorted(sums: ReadonlyMap<string, number>): Cost[] {
  return [...sums].map(([what, selfUs]) => ({ what, selfUs })).sort((a, b) => b.selfUs - a.selfUs);
}
