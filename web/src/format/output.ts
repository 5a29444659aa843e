import type { OutputPiece } from '../../../src/model/monitor.js';

/** Output of one attempt that came in one go. */
export interface OutputSection {
  /** Rises with each section of a page, for the list's keys. */
  readonly id: number;
  readonly index: number;
  readonly attempt: number;
  readonly text: string;
}

/** What the page shows of an output. */
export interface Output {
  readonly sections: readonly OutputSection[];
  /** There was more before them. */
  readonly isCut: boolean;
}

/** The page keeps this much of what it has read: the newest. */
export const MAX_KEPT_CHARS = 512 * 1024;
/** And of one section its end. */
export const MAX_SECTION_CHARS = 60_000;
export const MAX_SECTIONS = 300;

/** Adds to the last section where its task goes on writing, and drops the oldest beyond what is kept. */
export function appendPieces({ sections, isCut }: Output, pieces: readonly OutputPiece[]): Output {
  const next = [...sections];
  for (const { index, attempt, text } of pieces) {
    const last = next.at(-1);
    if (last?.index === index && last.attempt === attempt)
      next[next.length - 1] = { ...last, text: tail(last.text + text) };
    else next.push({ id: (last?.id ?? 0) + 1, index, attempt, text: tail(text) });
  }
  const count = next.length;
  let kept = next.reduce((sum, { text }) => sum + text.length, 0);
  while (next.length > 1 && (kept > MAX_KEPT_CHARS || next.length > MAX_SECTIONS)) {
    kept -= next.shift()?.text.length ?? 0;
  }
  return { sections: next, isCut: isCut || next.length < count };
}

function tail(text: string): string {
  return text.length <= MAX_SECTION_CHARS
    ? text
    : `… (what came before is left out)\n${text.slice(-MAX_SECTION_CHARS)}`;
}
