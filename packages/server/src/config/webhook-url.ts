import { urlToHttpOptions } from 'node:url';

const maxLength = 2048;

/** An absolute http or https URL, with user and password or without. `undefined` for anything else. */
export function parseWebhookUrl(text: string): URL | undefined {
  // `new URL` also takes "http:host", spaces around it and line breaks inside.
  if (text.length > maxLength || !/^https?:\/\/[^\s\\]+$/i.test(text)) return undefined;
  try {
    const url = new URL(text);
    // Throws for a user or password that is no valid percent-encoding, as sending a request would.
    urlToHttpOptions(url);
    return url;
  } catch {
    return undefined;
  }
}
