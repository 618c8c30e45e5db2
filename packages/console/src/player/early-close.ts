import { memberOf } from './member-of.js';

/**
 * Calls `then` where the browser closes a media source again before it has said that it opened it. mpegts.js 1.8 does not
 * come back from that: what it has for the source it puts back, for ever, into the list that it is emptying, and the page
 * stands still. To be called once the player has its video element; a version that is made otherwise is left alone.
 */
export function onEarlyClose(player: object, then: () => void): void {
  const controller = memberOf(memberOf(player, '_player_engine'), '_mse_controller');
  const append = memberOf(controller, 'appendInitSegment');
  if (typeof controller !== 'object' || controller === null || typeof append !== 'function') return;
  let isTold = false;
  Reflect.set(controller, 'appendInitSegment', (segment: unknown, isDeferred?: boolean): unknown => {
    const isOpen = memberOf(memberOf(controller, '_mediaSource'), 'readyState') === 'open';
    if (isDeferred !== true || isOpen) return append.call(controller, segment, isDeferred);
    if (!isTold) queueMicrotask(then);
    isTold = true;
    return undefined;
  });
}
