import { createHmac } from 'node:crypto';

export const webhookSignatureHeader = 'millrace-signature';

/**
 * `t=SECONDS,v1=HEX`: HMAC-SHA256 of the time, a dot and the body. The time is under the signature so that a receiver can
 * refuse what is old, that is, what somebody has recorded and sends again.
 */
export function signWebhook(secret: string, unixSeconds: number, body: string): string {
  const digest = createHmac('sha256', secret).update(`${unixSeconds}.${body}`).digest('hex');
  return `t=${unixSeconds},v1=${digest}`;
}
