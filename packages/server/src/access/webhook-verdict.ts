import type { ClientInfo } from './client-info.js';
import { type AccessAction, denial, denialCodes } from './denial.js';
import type { Verdict } from './guard.js';
import type { WebhookAnswer } from './webhook-sender.js';

/** As much as a player or encoder shows in a line. */
const maxReasonLength = 200;
const maxRedirectLength = 2048;
const rtmpUrl = /^rtmp(?:s|e|t|ts|te)?:\/\/[\x21-\x7e]+$/i;
/** Control characters, line separators, half characters, and what changes the direction of writing. */
const unprintable = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u202a-\u202e\u2066-\u2069]/gu;

/** The status decides; the body, whatever it is, can only give the reason. */
export function webhookVerdict(action: AccessAction, client: ClientInfo, answer: WebhookAnswer): Verdict {
  const { status, location } = answer;
  if (status >= 200 && status < 300) return undefined;
  if (status >= 300 && status < 400 && action === 'connect' && client.transport === 'rtmp' && isRtmpUrl(location)) {
    const description = `Connect to ${location} instead.`;
    return { kind: 'redirect', code: denialCodes.connect, description, redirectUrl: location };
  }
  return denial(action, status === 401 ? 'credentials' : 'forbidden', reasonOf(answer.body) ?? 'Not allowed.');
}

function isRtmpUrl(text: string): boolean {
  return text.length <= maxRedirectLength && rtmpUrl.test(text);
}

/** The text of `{"reason": "…"}`, fit to be shown; `undefined` where there is none. */
export function reasonOf(body: string): string | undefined {
  let answer: unknown;
  try {
    answer = JSON.parse(body);
  } catch {
    return undefined;
  }
  if (typeof answer !== 'object' || answer === null || !('reason' in answer)) return undefined;
  const { reason } = answer;
  if (typeof reason !== 'string') return undefined;
  // Cut by whole characters.
  const shown = [...reason.replace(unprintable, '').trim()].slice(0, maxReasonLength).join('');
  return shown === '' ? undefined : shown;
}
