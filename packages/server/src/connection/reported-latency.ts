import type { CallRequest } from '@millrace/protocol';

/**
 * What a player says of its latency, ms; `undefined`: the call is another one. Whether it can be true is not looked at.
 * Who wants an answer has called a procedure of the application.
 */
export function reportedLatency({ name, transactionId, messageStreamId, args }: CallRequest): number | undefined {
  if (name !== 'reportLatency' || transactionId !== 0 || messageStreamId === 0) return undefined;
  return typeof args[0] === 'number' ? args[0] : Number.NaN;
}
