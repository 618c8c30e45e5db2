import { describe, expect, it } from 'vitest';
import { danmuLine, shown } from './danmu-line.js';

const danmu = {
  ...{ userId: 'alice', userLevel: '7', deviceType: 1, roomId: 'room', danmuType: 0, content: '你好' },
  timeStampMs: new Date(2026, 0, 2, 3, 4, 5).getTime(),
};
const header = { messageId: 'm-1' };
const text = { json: false, colors: false };

describe('danmuLine', () => {
  it('is time, user and text', () => {
    expect(danmuLine(danmu, header, text)).toBe('03:04:05 alice: 你好');
    expect(danmuLine({ ...danmu, userId: '' }, header, text)).toBe('03:04:05 ?: 你好');
    expect(danmuLine({ ...danmu, danmuType: 3, content: '5' }, header, text)).toBe('03:04:05 alice: [gift 3] × 5');
    expect(danmuLine(danmu, header, { ...text, colors: true })).toBe(
      '\u001b[2m03:04:05\u001b[0m \u001b[1malice\u001b[0m: 你好',
    );
  });

  it('is an object with the names of the wire', () => {
    expect(JSON.parse(danmuLine(danmu, header, { json: true, colors: true }))).toEqual({
      ...{ timeStamp: danmu.timeStampMs, userID: 'alice', userLevel: '7', deviceType: 1, roomID: 'room', danmuType: 0 },
      ...{ content: '你好', messageID: 'm-1' },
    });
  });

  const hostile = 'a\u001b[2J\u009b31m\u0007\u202eb\nc\r\nd\u2028\ud800e';

  it.each([true, false])('gives a terminal nothing to obey (json: %s)', (json) => {
    const line = danmuLine({ ...danmu, content: hostile, userId: hostile }, header, { json, colors: false });
    expect(line).not.toMatch(/[\p{Cc}\u2028\u202e]/u);
    if (json) expect(JSON.parse(line)).toMatchObject({ content: hostile, userID: hostile });
  });

  it('shows control characters', () => {
    expect(shown(hostile)).toBe('a␛[2J\ufffd31m␇\ufffdb c d\ufffd\ufffde');
  });
});
