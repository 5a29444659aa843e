import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { DistributedJob } from 'dsage';
import type { JobContext } from 'dsage';

interface Parameters {
  /** The files' names in the folder of every task. */
  readonly names: readonly string[];
}

/** How often each word stands in the attached files. A Map is a value that travels, as an answer too. */
export class WordCount extends DistributedJob<Parameters, string, Map<string, number>, Map<string, number>> {
  static readonly module = import.meta.url;

  readonly #counts = new Map<string, number>();

  /** One task for each file. */
  tasks() {
    return this.parameters.names;
  }

  override get total() {
    return this.parameters.names.length;
  }

  /** On a worker, which may be another machine: the file is there because it was attached to the job. */
  async compute(name: string, { directory }: JobContext) {
    const text = await readFile(join(directory, name), 'utf8');
    return countWords(text);
  }

  collect(counts: Map<string, number>) {
    for (const [word, count] of counts) this.#counts.set(word, (this.#counts.get(word) ?? 0) + count);
  }

  /** The most frequent first, those that are as frequent in the order of the alphabet. */
  get result() {
    return new Map([...this.#counts].sort(([a, m], [b, n]) => n - m || a.localeCompare(b, 'en')));
  }
}

/** A word is letters, of any alphabet, with apostrophes between them: "don't" is one. */
function countWords(text: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const [word] of text
    .toLowerCase()
    .replaceAll('’', "'")
    .matchAll(/\p{L}+(?:'\p{L}+)*/gu)) {
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return counts;
}
