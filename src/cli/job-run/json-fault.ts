/** Where a text stops being JSON. */
export interface JsonFault {
  readonly offset: number;
  readonly expected: string;
}

/** In front of a token: what may stand there. */
type Place = 'value' | 'first item' | 'first name' | 'name' | 'colon' | 'rest' | 'end';

const EXPECTED: Readonly<Record<Place, string>> = {
  value: 'a value',
  'first item': 'a value or ]',
  'first name': 'a name in double quotes or }',
  name: 'a name in double quotes',
  colon: 'a colon',
  rest: 'a comma or the closing bracket',
  end: 'the end',
};

const TOKEN =
  // eslint-disable-next-line no-control-regex -- a string of JSON has none
  /([{}[\],:])|("(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*")|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])|(?:true|false|null)(?!\w)/y;

/** The first fault of a text that JSON.parse refuses: what V8 says of it names no place in many cases. */
export function findJsonFault(text: string): JsonFault {
  const open: ('{' | '[')[] = [];
  let place: Place = 'value';
  for (let offset = 0; ; offset = TOKEN.lastIndex) {
    offset += /^[ \t\n\r]*/.exec(text.slice(offset))?.[0].length ?? 0;
    TOKEN.lastIndex = offset;
    const found = TOKEN.exec(text);
    const next: Place | undefined = found === null ? undefined : follow(found, place, open);
    if (next === undefined) return { offset, expected: EXPECTED[place] };
    place = next;
  }
}

/** The place behind a token; undefined when it may not stand there. */
function follow(
  [token, mark, string]: readonly string[],
  place: Place,
  open: ('{' | '[')[],
): Place | undefined {
  const behindValue = (): Place => (open.length === 0 ? 'end' : 'rest');
  const close = (bracket: '{' | '['): Place | undefined => {
    if (open.at(-1) !== bracket) return undefined;
    open.pop();
    return behindValue();
  };
  const takesValue = place === 'value' || place === 'first item';
  if (token === '{' || token === '[') {
    if (!takesValue) return undefined;
    open.push(token);
    return token === '{' ? 'first name' : 'first item';
  }
  if (token === '}') return place === 'rest' || place === 'first name' ? close('{') : undefined;
  if (token === ']') return place === 'rest' || place === 'first item' ? close('[') : undefined;
  if (token === ':') return place === 'colon' ? 'value' : undefined;
  if (token === ',') {
    if (place !== 'rest') return undefined;
    return open.at(-1) === '{' ? 'name' : 'value';
  }
  if (string !== undefined && (place === 'name' || place === 'first name')) return 'colon';
  return mark === undefined && takesValue ? behindValue() : undefined;
}
