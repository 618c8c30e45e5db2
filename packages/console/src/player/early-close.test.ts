import { describe, expect, it } from 'vitest';
import { onEarlyClose } from './early-close.js';

/** As mpegts.js has it: what comes before the source is open waits, and is appended when that opens. */
function player(readyState: string) {
  const appended: unknown[] = [];
  const waiting: unknown[] = [];
  const controller = {
    _mediaSource: { readyState },
    appendInitSegment(segment: unknown, _isDeferred?: boolean): void {
      (controller._mediaSource.readyState === 'open' ? appended : waiting).push(segment);
    },
    opened(): void {
      while (waiting.length > 0) controller.appendInitSegment(waiting.shift(), true);
    },
  };
  return { appended, waiting, controller, player: { _player_engine: { _mse_controller: controller } } };
}

describe('onEarlyClose', () => {
  it('tells once of a source that is closed when it says that it is open, which ends', async () => {
    const { player: one, controller, appended, waiting } = player('closed');
    let count = 0;
    onEarlyClose(one, () => {
      count += 1;
    });
    controller.appendInitSegment('video');
    controller.appendInitSegment('audio');
    expect(waiting).toEqual(['video', 'audio']);
    controller.opened();
    await Promise.resolve();
    expect([count, appended, waiting]).toEqual([1, [], []]);
  });

  it('leaves a source alone that opens', async () => {
    const { player: one, controller, appended } = player('closed');
    let count = 0;
    onEarlyClose(one, () => {
      count += 1;
    });
    controller.appendInitSegment('video');
    controller._mediaSource.readyState = 'open';
    controller.opened();
    controller.appendInitSegment('audio');
    await Promise.resolve();
    expect([count, appended]).toEqual([0, ['video', 'audio']]);
  });

  it.each([{}, { _player_engine: null }, { _player_engine: { _mse_controller: {} } }])('does without', (other) => {
    expect(() => onEarlyClose(other, () => undefined)).not.toThrow();
  });
});
