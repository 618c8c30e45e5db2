import * as v from 'valibot';
import { type ListenAddress, parseListenAddress } from './listen-address.js';
import { parseWebhookUrl } from './webhook-url.js';

/** One key of the configuration: what it accepts, and what the reference says about it. */
export interface Setting<Value> {
  readonly schema: v.GenericSchema<unknown, Value>;
  /** As it would be written in the file. */
  readonly default: string | number | boolean | readonly string[] | Readonly<Record<string, string>>;
  readonly allowed: string;
  readonly meaning: string;
  /** The value holds or can hold a secret: no error shows it, and `file:PATH` stands for what a file holds. */
  readonly isSecret?: true;
  /** A list or a map: `--set` takes it as YAML writes it in one line. */
  readonly isCollection?: true;
}

export function integer(fallback: number, min: number, max: number, meaning: string): Setting<number> {
  return {
    schema: v.pipe(v.unknown(), v.number(), v.safeInteger(), v.minValue(min), v.maxValue(max)),
    default: fallback,
    allowed: `a whole number from ${min} to ${max}`,
    meaning,
  };
}

export function choice<const Options extends readonly string[]>(
  options: Options,
  fallback: Options[number],
  meaning: string,
): Setting<Options[number]> {
  return {
    schema: v.pipe(v.unknown(), v.picklist(options)),
    default: fallback,
    allowed: options.join(', '),
    meaning,
  };
}

export function flag(fallback: boolean, meaning: string): Setting<boolean> {
  return { schema: v.pipe(v.unknown(), v.boolean()), default: fallback, allowed: 'true, false', meaning };
}

export function folder(fallback: string, meaning: string): Setting<string> {
  return {
    // A zero byte would make every later file operation throw a programming error instead of a readable one.
    schema: v.pipe(
      v.unknown(),
      v.string(),
      v.nonEmpty(),
      v.check((path) => !path.includes('\0')),
    ),
    default: fallback,
    allowed: 'the path of a folder',
    meaning,
  };
}

export function optionalFile(meaning: string): Setting<string> {
  return {
    schema: v.pipe(
      v.unknown(),
      v.string(),
      v.check((path) => !path.includes('\0')),
    ),
    default: '',
    allowed: 'the path of a file, or nothing',
    meaning,
  };
}

export function listen(fallback: string, meaning: string): Setting<ListenAddress> {
  return {
    schema: v.pipe(
      v.unknown(),
      v.union([v.string(), v.pipe(v.number(), v.integer(), v.transform(String))]),
      v.rawTransform(({ dataset, addIssue, NEVER }) => {
        const address = parseListenAddress(dataset.value);
        if (address !== undefined) return address;
        addIssue();
        return NEVER;
      }),
    ),
    default: fallback,
    allowed: '":PORT", "HOST:PORT" or "[IPV6]:PORT", with a port from 0 (any free one) to 65535',
    meaning,
  };
}

/** A listener that can be left out. */
export function optionalListen(fallback: string, meaning: string): Setting<ListenAddress | undefined> {
  const { schema, allowed } = listen('', '');
  return {
    schema: v.union([
      v.pipe(
        v.union([v.literal('off'), v.literal(false)]),
        v.transform(() => undefined),
      ),
      schema,
    ]),
    default: fallback,
    allowed: `${allowed}; or off`,
    meaning,
  };
}

export function webhookUrl(meaning: string): Setting<URL | undefined> {
  return {
    schema: v.pipe(
      v.unknown(),
      v.string(),
      v.rawTransform(({ dataset, addIssue, NEVER }) => {
        const url = parseWebhookUrl(dataset.value);
        if (url !== undefined || dataset.value === '') return url;
        addIssue();
        return NEVER;
      }),
    ),
    default: '',
    allowed: 'an http:// or https:// URL, or nothing',
    meaning,
    isSecret: true,
  };
}

export function eventWebhookUrl(event: string): Setting<URL | 'off' | undefined> {
  const { schema } = webhookUrl('');
  return {
    schema: v.union([v.literal('off'), schema]),
    default: '',
    allowed: 'an http:// or https:// URL, off, or nothing',
    meaning: `Where ${event} is sent instead of webhooks.url; off: nowhere.`,
    isSecret: true,
  };
}

export function secret(meaning: string): Setting<string> {
  return {
    schema: v.pipe(v.unknown(), v.string(), v.maxLength(1024)),
    default: '',
    allowed: 'text of up to 1024 characters (in quotes where it is a number), or nothing',
    meaning,
    isSecret: true,
  };
}

/** In a list or a map. */
export const maxEntries = 10_000;

/** One value stands for a list of one. */
export function list<Item>(
  parse: (item: unknown) => Item | undefined,
  item: { readonly allowed: string; readonly meaning: string; readonly isSecret?: true },
  fallback: readonly string[] = [],
): Setting<readonly Item[]> {
  return {
    schema: v.pipe(
      v.unknown(),
      v.rawTransform(({ dataset, addIssue, NEVER }) => {
        const { value } = dataset;
        const items: readonly unknown[] = Array.isArray(value) ? value : value === '' ? [] : [value];
        const parsed = items.map(parse).filter((each) => each !== undefined);
        if (parsed.length === items.length && items.length <= maxEntries) return parsed;
        addIssue();
        return NEVER;
      }),
    ),
    default: fallback,
    isCollection: true,
    ...item,
  };
}

export function origins(meaning: string): Setting<readonly string[]> {
  const parse = (item: unknown): string | undefined =>
    typeof item === 'string' && originPattern.test(item) ? item.toLowerCase() : undefined;
  return list(parse, { allowed: '"*", or origins such as https://example.org, one or a list', meaning }, ['*']);
}

/** As browsers send it: scheme, host, and the port unless it is the default. [RFC 6454 §6.1] */
const originPattern = /^(?:\*|https?:\/\/[^/?#\s]+)$/i;
