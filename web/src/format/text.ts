/** Longer text is cut before it reaches the page: a line of a megabyte would lay out for seconds. */
const MAX_INLINE_CHARS = 400;
const MAX_LINE_CHARS = 2_000;
const MAX_BLOCK_CHARS = 64_000;

/** The start of a text, cut between code points. */
export function cut(text: string, max: number): string {
  if (text.length <= max) return text;
  const end = isHighSurrogate(text.charCodeAt(max - 1)) ? max - 1 : max;
  return text.slice(0, end);
}

export function cutLine(text: string, max = MAX_INLINE_CHARS): string {
  return text.length <= max ? text : `${cut(text, max)}…`;
}

/** A block of lines, each cut to what can be laid out; `left` says how many characters the block lacks at its end. */
export function cutBlock(
  text: string,
  max = MAX_BLOCK_CHARS,
): { readonly text: string; readonly left: number } {
  const lines = text.split('\n').map((line) => {
    const more = line.length - MAX_LINE_CHARS;
    return more <= 0 ? line : `${cut(line, MAX_LINE_CHARS)}… (${more} more characters in this line)`;
  });
  const shown = lines.join('\n');
  const kept = cut(shown, max);
  return { text: kept, left: shown.length - kept.length };
}

function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdbff;
}
