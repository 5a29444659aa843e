import type { Expression, Node } from 'estree';

/** What a function does that a list of free variables does not show. */
export interface Uses {
  /** The first line that uses the `this` of the function itself, or of what is around it. */
  readonly this: number | undefined;
  /** The first line that uses `super` of what the function is in. */
  readonly super: number | undefined;
  /** The first line that uses `import.meta`. */
  readonly importMeta: number | undefined;
  /** Identifiers that stand right behind `typeof`. */
  readonly typeofOperands: ReadonlySet<Node>;
}

interface Found {
  this: number | undefined;
  super: number | undefined;
  importMeta: number | undefined;
  readonly typeofOperands: Set<Node>;
}

const WITH_OWN_THIS = new Set([
  'FunctionExpression',
  'FunctionDeclaration',
  'PropertyDefinition',
  'StaticBlock',
]);

export function usesOf(fn: Expression): Uses {
  const found: Found = {
    this: undefined,
    super: undefined,
    importMeta: undefined,
    typeofOperands: new Set(),
  };
  // The function itself is not entered as one with a `this` of its own: nothing gives it one on a worker.
  for (const child of childrenOf(fn)) walk(child, found, false);
  return found;
}

function walk(node: Node, found: Found, ownThis: boolean): void {
  const line = node.loc?.start.line ?? 1;
  if (node.type === 'ThisExpression' && !ownThis) found.this ??= line;
  if (node.type === 'Super' && !ownThis) found.super ??= line;
  if (node.type === 'MetaProperty' && node.meta.name === 'import') found.importMeta ??= line;
  if (node.type === 'UnaryExpression' && node.operator === 'typeof' && node.argument.type === 'Identifier') {
    found.typeofOperands.add(node.argument);
  }
  const inside = ownThis || WITH_OWN_THIS.has(node.type);
  for (const child of childrenOf(node)) walk(child, found, inside);
}

function childrenOf(node: Node): Node[] {
  return Object.entries(node).flatMap(([key, value]) => (key === 'loc' ? [] : nodesIn(value)));
}

function nodesIn(value: unknown): Node[] {
  if (Array.isArray(value)) return value.flatMap(nodesIn);
  return typeof value === 'object' && value !== null && 'type' in value ? [value as Node] : [];
}
