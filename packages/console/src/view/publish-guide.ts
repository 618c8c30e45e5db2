import type { PublishSettings } from '../model/index.js';
import { element } from './dom.js';
import { PlainRow, TextRow } from './text-row.js';

/** What to copy to publish and to watch: ffmpeg, OBS, players. */
export class PublishGuide {
  readonly element: HTMLElement;
  readonly #test = new TextRow('Test picture and tone, no file needed', 'block');
  readonly #file = new TextRow('A file of yours, in a loop', 'block');
  readonly #service = new PlainRow('Service');
  readonly #server = new TextRow('Server', 'line');
  readonly #streamKey = new TextRow('Stream key', 'line');
  readonly #keyframes = new PlainRow('Keyframe interval');
  readonly #ffplay = new TextRow('ffplay', 'block');
  readonly #vlc = new TextRow('VLC: Media, Open Network Stream', 'block');

  constructor() {
    this.element = element(
      'div',
      { class: 'guide-cards' },
      card('guide-ffmpeg', 'Publish with ffmpeg', 'Paste one of these into a terminal.', this.#test, this.#file),
      card(
        'guide-obs',
        'Publish with OBS',
        'Settings, Stream; the keyframe interval is under Output.',
        this.#service,
        this.#server,
        this.#streamKey,
        this.#keyframes,
      ),
      card(
        'guide-watch',
        'Watch',
        'Streams appear on this page by themselves. Other players:',
        this.#ffplay,
        this.#vlc,
      ),
    );
  }

  update(settings: PublishSettings): void {
    this.#test.update(settings.ffmpegTest);
    this.#file.update(settings.ffmpegFile);
    this.#service.update(settings.obs.service);
    this.#server.update(settings.obs.server);
    this.#streamKey.update(settings.obs.streamKey);
    this.#keyframes.update(settings.obs.keyframeInterval);
    this.#ffplay.update(settings.ffplay);
    this.#vlc.update(settings.vlc);
  }
}

function card(name: string, title: string, hint: string, ...rows: readonly { element: HTMLElement }[]): HTMLElement {
  return element(
    'section',
    { class: `card ${name}` },
    element('h3', { class: 'card-title' }, title),
    element('p', { class: 'quiet' }, hint),
    ...rows.map((row) => row.element),
  );
}
