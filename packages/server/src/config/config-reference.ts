import { stringify } from 'yaml';
import type { Setting } from './setting-kinds.js';
import { settings } from './settings.js';

/** What the documentation says of one key. */
export interface ConfigReferenceEntry {
  /** Dotted: `rtmp.listen`. */
  readonly key: string;
  readonly default: Setting<unknown>['default'];
  readonly allowed: string;
  readonly meaning: string;
}

/** Every key, in the order in which they are documented. */
export function configReference(): readonly ConfigReferenceEntry[] {
  return Object.entries(settings).flatMap(([section, keys]) =>
    Object.entries<Setting<unknown>>(keys).map(([key, setting]) => ({
      key: `${section}.${key}`,
      default: setting.default,
      allowed: setting.allowed,
      meaning: setting.meaning,
    })),
  );
}

/** A configuration file with every key at its default, and what it means beside it. */
export function configYaml(): string {
  const lines = [
    '# Every key of the configuration, with its default. Keep the lines that you change; the rest can go.',
    '# Use it with: millrace serve --config FILE. One key for one start: millrace serve --set key=value',
  ];
  for (const [section, keys] of Object.entries(settings)) {
    lines.push('', `${section}:`);
    for (const [key, setting] of Object.entries<Setting<unknown>>(keys)) {
      for (const line of wrapText(`${setting.meaning} Allowed: ${setting.allowed}.`, 110)) lines.push(`  # ${line}`);
      lines.push(`  ${stringify({ [key]: setting.default }, { defaultStringType: 'PLAIN' }).trimEnd()}`);
    }
  }
  return `${lines.join('\n')}\n`;
}

/** The page docs/configuration.md. */
export function configMarkdown(): string {
  const rows = configReference().map(
    (entry) => `| \`${entry.key}\` | \`${showDefault(entry.default)}\` | ${entry.allowed} | ${entry.meaning} |`,
  );
  return `${[
    '# Configuration',
    '',
    '<!-- Made from packages/server/src/config/settings.ts by its test: vitest run -u packages/server/src/config. -->',
    '',
    'millrace runs without any configuration. What you want otherwise goes into a YAML file, `millrace serve --config FILE`,',
    'or on the command line, key by key, `--set rtmp.listen=:1936`. The command line wins over the file, the file over the',
    'defaults. A key that does not exist or a value that is not allowed stops the start with one line that says so.',
    '',
    '```yaml',
    'rtmp:',
    '  listen: 127.0.0.1:1935',
    'publish:',
    '  takeover: replace',
    '```',
    '',
    '`millrace config` prints a file with every key, its default and its meaning.',
    '',
    'Addresses: `:1935` is every interface (IPv6 and IPv4), `127.0.0.1:1935` this machine only, port 0 any free port. An IPv6',
    'address needs quotes in YAML: `"[::1]:1935"`.',
    '',
    'Lists and maps are given to `--set` in one line, as YAML writes them: `--set access.allow="[10.0.0.0/8, 192.0.2.7]"`,',
    '`--set access.publishKeys="{live/studio: s3cret}"`. Keys that hold secrets (publishKeys, users, urlSecret, jwtSecret,',
    'webhooks.secret, webhook URLs) take `file:PATH` in the place of a text: what that file holds, without the line break at',
    'its end. No error and no log shows their values.',
    '',
    '| key | default | allowed | meaning |',
    '|---|---|---|---|',
    ...rows,
  ].join('\n')}\n`;
}

function showDefault(value: Setting<unknown>['default']): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function wrapText(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = '';
    }
    line = line === '' ? word : `${line} ${word}`;
  }
  lines.push(line);
  return lines;
}
