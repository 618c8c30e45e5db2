import { transformSync } from '@swc/wasm-typescript';

/**
 * A module of TypeScript as JavaScript: what is only types becomes blanks, so that every line and column stays where it
 * was. The same code does it in the Nodes that load TypeScript themselves, so the same syntax is taken.
 *
 * @throws SyntaxError whose stack begins with the line, where it is no TypeScript, or has what is not only types: an
 * enum, a namespace with values, parameter properties.
 */
export function stripTypes(source: string, url: string): string {
  try {
    return transformSync(source, { mode: 'strip-only', module: true, filename: url }).code;
  } catch (problem) {
    // It throws plain objects.
    const { message = String(problem), startLine = 1 } = problem as { message?: string; startLine?: number };
    const error = new SyntaxError(message);
    error.stack = `${url}:${startLine}\n\n${error.name}: ${message}`;
    throw error;
  }
}
