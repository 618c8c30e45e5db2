import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import { LineCounter, parseDocument } from 'yaml';
import { ConfigError } from './config-error.js';
import { nearestKey } from './nearest-key.js';
import type { Setting } from './setting-kinds.js';
import { type Config, settings } from './settings.js';

/** No configuration comes near this; a wrong path (a recording) does. */
const maxFileBytes = 1024 * 1024;
/** Unknown keys are compared with all known ones: a key of a megabyte must not take minutes. */
const maxKeyLength = 200;
const secretFilePrefix = 'file:';

const sections = new Map<string, ReadonlyMap<string, Setting<unknown>>>(
  Object.entries(settings).map(([section, keys]) => [section, new Map<string, Setting<unknown>>(Object.entries(keys))]),
);
const knownKeys = [...sections].flatMap(([section, keys]) => [...keys.keys()].map((key) => `${section}.${key}`));

/**
 * The defaults, over them `file` (YAML), over it each `key=value` of `set`, the later ones winning.
 * @throws ConfigError for the first thing that is wrong: an unreadable file, an unknown key, a value that is not allowed.
 */
export function loadConfig(options: { readonly file?: string | undefined; readonly set: readonly string[] }): Config {
  const given = options.file === undefined ? new Map<string, unknown>() : readFile(options.file);
  for (const assignment of options.set) {
    const [key, value] = parseAssignment(assignment);
    given.set(key, value);
  }
  const config: Record<string, Record<string, unknown>> = {};
  for (const [section, keys] of sections) {
    const values: Record<string, unknown> = {};
    for (const [key, setting] of keys) {
      const path = `${section}.${key}`;
      values[key] = checkValue(path, setting, given.has(path) ? given.get(path) : setting.default);
    }
    config[section] = values;
  }
  // `settings` gives both the loops above their keys and `Config` its type.
  return config as Config;
}

function checkValue(path: string, setting: Setting<unknown>, value: unknown): unknown {
  const result = v.safeParse(setting.schema, setting.isSecret ? withSecretFiles(path, value) : value);
  if (result.success) return result.output;
  const shown = setting.isSecret ? 'another value (not shown)' : showValue(value);
  throw new ConfigError(`${path} is ${shown}; allowed: ${setting.allowed}`);
}

/** `value` with what the file holds in the place of each text `file:PATH`. */
function withSecretFiles(path: string, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => withSecretFiles(path, item));
  if (isMapping(value))
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withSecretFiles(path, item)]));
  if (typeof value !== 'string' || !value.startsWith(secretFilePrefix)) return value;
  return readText(value.slice(secretFilePrefix.length), `${path}: `).replace(/\r?\n$/, '');
}

/** The values of a file by their dotted keys, not checked yet. */
function readFile(file: string): Map<string, unknown> {
  const root = parseYamlFile(file, readText(file));
  const given = new Map<string, unknown>();
  if (root === null) return given;
  if (!isMapping(root))
    throw new ConfigError(`${file} is ${showValue(root)}; allowed: sections (${[...sections.keys()].join(', ')})`);
  for (const [section, content] of Object.entries(root)) {
    const keys = sections.get(section);
    if (keys === undefined) throw unknownKey(section);
    // A section whose lines are all commented out.
    if (content === null) continue;
    if (!isMapping(content)) throw notASection(section, content);
    for (const [key, value] of Object.entries(content)) {
      if (!keys.has(key)) throw unknownKey(`${section}.${key}`);
      given.set(`${section}.${key}`, value);
    }
  }
  return given;
}

function readText(file: string, prefix = ''): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    throw new ConfigError(`${prefix}cannot read ${file}: ${readFailure(error)}`, { cause: error });
  }
  if (bytes.length > maxFileBytes)
    throw new ConfigError(`${prefix}${file} is larger than 1 MiB; is it the right file?`);
  return bytes.toString('utf8');
}

function readFailure(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EACCES') return 'permission denied';
  if (code === 'EISDIR') return 'it is a folder, not a file';
  return error instanceof Error ? firstLine(error.message) : String(error);
}

function parseYamlFile(file: string, text: string): unknown {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false });
  const [problem] = document.errors;
  if (problem !== undefined) {
    const { line, col } = lineCounter.linePos(problem.pos[0]);
    throw new ConfigError(`${file}, line ${line}, column ${col}: ${firstLine(problem.message)}`, { cause: problem });
  }
  try {
    return document.toJS();
  } catch (error) {
    // Aliases that lead nowhere, or to more values than any configuration has.
    throw new ConfigError(`${file}: ${error instanceof Error ? firstLine(error.message) : String(error)}`, {
      cause: error,
    });
  }
}

function parseAssignment(assignment: string): [key: string, value: unknown] {
  const equals = assignment.indexOf('=');
  if (equals < 1)
    throw new ConfigError(`--set ${showValue(assignment)}; allowed: key=value, such as --set rtmp.listen=:1936`);
  const key = assignment.slice(0, equals).trim();
  if (sections.has(key)) throw notASection(key, assignment.slice(equals + 1));
  if (!knownKeys.includes(key)) throw unknownKey(key);
  const text = assignment.slice(equals + 1).trim();
  const [section = '', name = ''] = key.split('.');
  const isCollection = sections.get(section)?.get(name)?.isCollection === true;
  return [key, isCollection ? parseCollection(text) : parseScalar(text)];
}

/** What is no YAML is taken as text: `::1` is an address. */
function parseCollection(text: string): unknown {
  const document = parseDocument(text, { prettyErrors: false });
  if (document.errors.length > 0) return text;
  try {
    return document.toJS() ?? '';
  } catch {
    return text;
  }
}

/** What is no YAML scalar is taken as text: `[::1]:1935` must not need quotes within quotes on a command line. */
function parseScalar(text: string): unknown {
  if (text === '') return '';
  const document = parseDocument(text, { prettyErrors: false });
  if (document.errors.length > 0) return text;
  try {
    const value: unknown = document.toJS();
    return typeof value === 'object' ? text : value;
  } catch {
    return text;
  }
}

function unknownKey(key: string): ConfigError {
  const shown = key.length > maxKeyLength ? `${key.slice(0, maxKeyLength)}…` : key;
  const section = key.slice(0, Math.max(key.indexOf('.'), 0));
  const nearest =
    key.length > maxKeyLength
      ? undefined
      : nearestKey(key, key.includes('.') ? knownKeys : [...sections.keys(), ...knownKeys]);
  if (nearest !== undefined) return new ConfigError(`there is no key ${oneLine(shown)}; did you mean ${nearest}?`);
  const keys = sections.get(section);
  const known =
    keys === undefined
      ? `sections: ${[...sections.keys()].join(', ')}`
      : `keys of ${section}: ${[...keys.keys()].join(', ')}`;
  return new ConfigError(`there is no key ${oneLine(shown)}; ${known}`);
}

function notASection(section: string, value: unknown): ConfigError {
  const settingsOfSection = [...(sections.get(section) ?? [])];
  const keys = settingsOfSection.map(([key]) => `${section}.${key}`);
  // Written a level too high: what belongs to a key of this section, perhaps.
  const shown = settingsOfSection.some(([, { isSecret }]) => isSecret) ? 'a value (not shown)' : showValue(value);
  return new ConfigError(`${section} is ${shown}, but it is a section; its keys: ${keys.join(', ')}`);
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function showValue(value: unknown): string {
  if (value === null || value === undefined || value === '') return 'empty';
  const text = typeof value === 'number' ? String(value) : JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

function firstLine(message: string): string {
  return message.split('\n', 1)[0]?.replace(/:$/, '') ?? message;
}

function oneLine(text: string): string {
  return /^[\w.-]+$/.test(text) ? text : JSON.stringify(text);
}
