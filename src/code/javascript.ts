import { parse } from 'acorn';
import type { Program, Statement } from 'estree';

import { DsageError } from '../model/errors.js';

/** Where acorn says a node lies; estree's own types leave these out. */
interface Placed {
  readonly start: number;
  readonly end: number;
}

/** The variable that holds the value of the expression statement that ran last. */
const VALUE = '__dsageValue';

/**
 * Checks that a code string is JavaScript that a task can run: a script whose top level may use `await`
 * and `return`.
 *
 * Throws `syntax-error`, with line and column and the line itself, and `invalid-argument` when there is
 * no code at all.
 */
export function parseJavascript(code: string): void {
  parseScript(withoutHashBang(code));
}

/**
 * Makes an expression of a code string: a function that takes what is in scope and returns the async
 * function that runs the code. That one returns the value of the expression that ran
 * last, as `eval` and the Node shell do: `const x = 2; x + 1` gives 3. What the code declares is its own,
 * the names in scope included. The code starts on the second line and keeps its lines and columns: compile
 * with a line offset of -1. Throws what `parseJavascript` throws.
 *
 * @param names what is in scope; the outer function takes the values in this order
 */
export function asyncSourceOf(code: string, names: readonly string[]): string {
  const text = withoutHashBang(code);
  const marked: Placed[] = [];
  markValues(parseScript(text).body as Statement[], text, marked);
  // The code has a function of its own, so that it may declare the names again and begin with a directive.
  const head = `(function (${names.join(', ')}) { let ${VALUE}; return async () => {`;
  // The new line behind it ends a comment on the last line.
  return `${head}\n${wrapStatements(text, marked)}\n;return ${VALUE}; }; })`;
}

/** As a comment of the same length. */
function withoutHashBang(code: string): string {
  return code.startsWith('#!') ? `//${code.slice(2)}` : code;
}

function parseScript(code: string): Program {
  if (code.trim() === '') {
    throw new DsageError('invalid-argument', 'There is no code to run.', {
      hint: "Give an expression or statements, such as '2+2'.",
    });
  }
  try {
    return parse(code, {
      ecmaVersion: 'latest',
      sourceType: 'script',
      allowAwaitOutsideFunction: true,
      allowReturnOutsideFunction: true,
      allowHashBang: false,
    }) as unknown as Program;
  } catch (error) {
    throw syntaxError(code, error);
  }
}

function syntaxError(code: string, error: unknown): DsageError {
  const { message, loc } = error as { message: string; loc?: { line: number; column: number } };
  const line = loc?.line ?? 1;
  const column = (loc?.column ?? 0) + 1;
  // acorn ends its messages with the place, in columns from 0.
  const what = message.replace(/\s*\(\d+:\d+\)$/, '');
  const excerpt = excerptOf(code, line, column);
  const hint = /'import' and 'export'/.test(what) ? "Use `await import('…')` instead." : undefined;
  return new DsageError('syntax-error', `${what} at line ${line}, column ${column}:\n${excerpt}`, {
    ...(hint === undefined ? {} : { hint: `\n${hint}` }),
    cause: error,
  });
}

/** The line with a caret under the column; only what is around the column of a very long line. */
function excerptOf(code: string, line: number, column: number): string {
  const text = code.split(/\r\n|[\n\r\u2028\u2029]/)[line - 1] ?? '';
  const from = Math.max(0, column - 60);
  const shown = text.slice(from, from + 100);
  const indent = shown.slice(0, column - 1 - from).replace(/[^\t]/g, ' ');
  return `  ${shown}\n  ${indent}^`;
}

/**
 * Collects the expression statements whose value the statements may end with, from the last one back.
 * True when there is one, so that what stands before it does not count.
 */
function markValues(statements: readonly Statement[], code: string, marked: Placed[]): boolean {
  for (let index = statements.length - 1; index >= 0; index -= 1) {
    const statement = statements[index];
    if (statement !== undefined && markValue(statement, code, marked)) return true;
  }
  return false;
}

function markValue(statement: Statement, code: string, marked: Placed[]): boolean {
  switch (statement.type) {
    case 'ExpressionStatement':
      marked.push(withoutSemicolon(statement as unknown as Placed, code));
      return true;
    case 'BlockStatement':
      return markValues(statement.body, code, marked);
    case 'IfStatement':
      markValue(statement.consequent, code, marked);
      if (statement.alternate) markValue(statement.alternate, code, marked);
      return true;
    case 'ForStatement':
    case 'ForInStatement':
    case 'ForOfStatement':
    case 'WhileStatement':
    case 'DoWhileStatement':
    case 'LabeledStatement':
    case 'WithStatement':
      markValue(statement.body, code, marked);
      return true;
    case 'TryStatement':
      markValues(statement.block.body, code, marked);
      if (statement.handler) markValues(statement.handler.body.body, code, marked);
      return true;
    case 'SwitchStatement':
      for (const { consequent } of statement.cases) markValues(consequent, code, marked);
      return true;
    case 'ReturnStatement':
    case 'ThrowStatement':
      return true;
    default:
      // Declarations, empty statements, break and continue have no value: what is before them counts.
      return false;
  }
}

function withoutSemicolon({ start, end }: Placed, code: string): Placed {
  return { start, end: code[end - 1] === ';' ? end - 1 : end };
}

function wrapStatements(code: string, marked: readonly Placed[]): string {
  let text = '';
  let from = 0;
  for (const { start, end } of [...marked].sort((a, b) => a.start - b.start)) {
    text += `${code.slice(from, start)}${VALUE} = (${code.slice(start, end)})`;
    from = end;
  }
  return text + code.slice(from);
}
