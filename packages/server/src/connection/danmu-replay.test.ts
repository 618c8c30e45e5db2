import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatStoredDanmu } from '@millrace/protocol';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { StoredLine } from '../danmu-file/index.js';
import { silentLogger } from '../log/index.js';
import { DanmuReplay } from './danmu-replay.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-replay-'));
  mkdirSync(join(folder, 'live'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(name: string, times: readonly number[]): void {
  const lines = times.map((mediaTimeMs) =>
    formatStoredDanmu({
      ...{ mediaTimeMs, receivedAtMs: 1 },
      header: {
        ...{ version: 0, transimitType: 'broadcast', serviceType: 0, priority: 4, abandon: true },
        ...{ messageId: 'm', networkId: 'n' },
      },
      danmu: {
        ...{ userId: 'u', userLevel: '', deviceType: 0, roomId: 'r', timeStampMs: 1, danmuType: 0 },
        content: `${name} ${mediaTimeMs}`,
      },
    }),
  );
  writeFileSync(join(folder, 'live', `${name}.danmu.jsonl`), `${lines.join('\n')}\n`);
}

/** A client whose place in what it plays the test says. */
class Scene {
  playedMs: number | undefined = 0;
  offsetMs = 0;
  isLagging = false;
  /** The service that the client is attached to. */
  attachedTo: string | undefined = '/live/a';
  readonly heard: string[] = [];
  readonly ticking = new Set<object>();
  readonly replay = new DanmuReplay({
    mediaDir: folder,
    pacer: { add: (paced) => this.ticking.add(paced), remove: (paced) => this.ticking.delete(paced) },
    playedMs: () => this.playedMs,
    membershipOf: (path) => (path === this.attachedTo ? this.#member() : undefined),
    log: silentLogger,
  });

  begin(name: string, fromMs = 0, atMs?: number): void {
    const offsetMs = (): number => this.offsetMs;
    this.replay.begin({ key: { app: 'live', name }, file: `live/${name}.flv`, offsetMs, fromMs }, atMs);
  }

  /** Lets time pass at this place until so much was heard, and nothing more comes. */
  async at(playedMs: number | undefined, count: number): Promise<string[]> {
    this.playedMs = playedMs;
    await vi.waitFor(() => {
      this.replay.tick();
      expect(this.heard.length).toBeGreaterThanOrEqual(count);
    });
    for (let i = 0; i < 20; i += 1) {
      this.replay.tick();
      await new Promise((resolve) => setImmediate(resolve));
    }
    return this.heard.splice(0);
  }

  #member(): { readonly isLagging: boolean; replay(lines: readonly StoredLine[]): void } {
    return {
      isLagging: this.isLagging,
      replay: (lines) => this.heard.push(...lines.map((line) => ('danmu' in line ? line.danmu.content : '?'))),
    };
  }
}

describe('DanmuReplay', () => {
  it('says each when the client comes to it', async () => {
    write('a', [0, 100, 200, 300]);
    const scene = new Scene();
    scene.begin('a');
    expect(await scene.at(0, 1)).toEqual(['a 0']);
    expect(await scene.at(99, 0)).toEqual([]);
    expect(await scene.at(250, 2)).toEqual(['a 100', 'a 200']);
    expect(await scene.at(undefined, 0)).toEqual([]);
    expect(await scene.at(300, 1)).toEqual(['a 300']);
    scene.replay.close();
    expect(scene.ticking.size).toBe(0);
  });

  it('leaves out what lies before the place that the client goes to', async () => {
    write('a', [0, 100, 200, 300, 400]);
    const scene = new Scene();
    scene.begin('a', 150);
    expect(await scene.at(200, 1)).toEqual(['a 200']);
    scene.replay.sought(400);
    expect(await scene.at(400, 1)).toEqual(['a 400']);
    scene.replay.sought(0);
    expect(await scene.at(120, 2)).toEqual(['a 0', 'a 100']);
    scene.replay.close();
  });

  it('begins where the client is when it attaches, and goes on when it has taken what it was sent', async () => {
    write('a', [0, 100, 200, 300]);
    const scene = new Scene();
    scene.attachedTo = '/live/b';
    scene.begin('a');
    expect(await scene.at(150, 0)).toEqual([]);
    scene.attachedTo = '/live/a';
    expect(await scene.at(150, 0)).toEqual([]);
    scene.isLagging = true;
    expect(await scene.at(250, 0)).toEqual([]);
    scene.isLagging = false;
    expect(await scene.at(250, 1)).toEqual(['a 200']);
    scene.replay.close();
  });

  it('goes from one item of a play list to the next when the client does', async () => {
    write('a', [900, 1000]);
    write('b', [0, 100]);
    const scene = new Scene();
    scene.begin('a');
    expect(await scene.at(500, 0)).toEqual([]);
    // All of the first was sent; the client is half a second behind.
    scene.begin('b', 0, 1000);
    scene.offsetMs = 1000;
    expect(await scene.at(950, 1)).toEqual(['a 900']);
    scene.attachedTo = '/live/b';
    expect(await scene.at(1150, 2)).toEqual(['b 0', 'b 100']);
    scene.replay.sought(50);
    expect(await scene.at(1150, 1)).toEqual(['b 100']);
    scene.replay.close();
  });

  it('says much of one moment bit by bit, and nothing where nothing was said', async () => {
    write(
      'a',
      Array.from({ length: 100 }, () => 5),
    );
    const scene = new Scene();
    scene.begin('a');
    expect(await scene.at(5, 100)).toHaveLength(100);
    scene.replay.close();
    const other = new Scene();
    other.attachedTo = '/live/none';
    other.begin('none');
    expect(await other.at(5, 0)).toEqual([]);
    other.replay.close();
  });
});
