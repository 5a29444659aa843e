const TAG = /<(\/?)([a-z][\w-]*)((?:\s+[\w:-]+="[^"<&]*")*)\s*(\/?)>/gi;

/** Throws unless every element of a piece of XML is closed in its turn, and its text has no bare `&` or `<`. */
export function assertWellFormed(xml: string): void {
  const open: string[] = [];
  for (const [, end, name = '', , empty] of xml.matchAll(TAG)) {
    if (end === '/') {
      const last = open.pop() ?? 'nothing';
      if (last !== name) throw new Error(`</${name}> closes ${last}`);
    } else if (empty === '') {
      open.push(name);
    }
  }
  if (open.length > 0) throw new Error(`${open.join(', ')} are not closed`);
  const bare = /.{0,20}(?:<|&(?!amp;|lt;|gt;|quot;|#\d+;)).{0,20}/.exec(xml.replace(TAG, ''));
  if (bare !== null) throw new Error(`This is no markup: ${bare[0]}`);
}
