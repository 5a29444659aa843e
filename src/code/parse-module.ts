import { parse } from 'acorn';
import type { Program } from 'estree';

/** The tree of some text, with lines and ranges. Throws acorn's SyntaxError. */
export function parseModule(text: string): Program {
  const options = { ecmaVersion: 'latest', sourceType: 'module', locations: true, ranges: true } as const;
  // acorn's tree is the ESTree that eslint-scope reads; only the two packages' types differ.
  return parse(text, options) as unknown as Program;
}
