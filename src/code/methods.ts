import type { Expression, FunctionExpression, Node } from 'estree';

import { parseModule } from './parse-module.js';

/** What a method looks like as a member of an object, or of a class when its name is private. */
const SURROUNDINGS = [
  ['({', '})'],
  ['(class{', '})'],
] as const;

const methods = new WeakSet();

/**
 * Says that this method may travel alone. Any other function that is written as a method is refused, since most
 * of them belong to an object; whoever decorates one says that it does not.
 */
export function detachMethod(method: object): void {
  methods.add(method);
}

export function isDetachedMethod(fn: object): boolean {
  return methods.has(fn);
}

/** A method as a function: its text as an expression, and the tree of it. */
export interface MethodFunction {
  readonly source: string;
  readonly tree: FunctionExpression;
}

/**
 * `name(a) { … }` as `function (a) { … }`, with its lines where they were. It has no name: the name of a method is
 * not in scope inside it. Undefined for text that is no method.
 */
export function functionOfMethod(text: string): MethodFunction | undefined {
  for (const [before, after] of SURROUNDINGS) {
    const tree = memberIn(before + text + after);
    if (tree === undefined) continue;
    const { start, end } = tree as unknown as { readonly start: number; readonly end: number };
    const head = `${tree.async === true ? 'async ' : ''}function${tree.generator === true ? '* ' : ' '}`;
    return { tree, source: head + text.slice(start - before.length, end - before.length) };
  }
  return undefined;
}

/** The function that is the only member of an object or a class. */
function memberIn(text: string): FunctionExpression | undefined {
  let whole: Expression | undefined;
  try {
    const [statement] = parseModule(text).body;
    whole = statement?.type === 'ExpressionStatement' ? statement.expression : undefined;
  } catch {
    return undefined;
  }
  const value: Node | null | undefined =
    whole?.type === 'ObjectExpression'
      ? valueOf(whole.properties[0])
      : whole?.type === 'ClassExpression'
        ? valueOf(whole.body.body[0])
        : undefined;
  return value?.type === 'FunctionExpression' ? value : undefined;
}

function valueOf(member: Node | undefined): Node | null | undefined {
  return member?.type === 'Property' || member?.type === 'MethodDefinition' ? member.value : undefined;
}
