import { RecordedDanmu } from '../danmu/index.js';
import { DanmuLines } from './danmu-lines.js';
import { DanmuStage } from './danmu-stage.js';
import { element, setAttribute, setHidden } from './dom.js';
import { icon } from './icons.js';
import { recall, remember } from './remembered.js';

/** What was said during a recording, for who plays it: a switch, the texts that cross the picture, and what was said last. */
export class RecordedDanmuPanel {
  readonly element: HTMLElement;
  /** To be laid over the picture. */
  readonly stage: HTMLElement;
  readonly #stage = new DanmuStage();
  readonly #toggle = element('button', { type: 'button', class: 'button danmu-toggle' }, icon('danmu'), 'Danmu');
  readonly #lines = new DanmuLines();
  readonly #danmu: RecordedDanmu;
  #isOn = recall('danmu') !== 'off';
  #hasSome = false;
  #url: string | undefined;

  constructor() {
    this.stage = this.#stage.element;
    this.#danmu = new RecordedDanmu({
      onFound: () => {
        this.#hasSome = true;
        this.#show();
      },
      onLine: ({ user, said }) => {
        if (!this.#isOn) return;
        this.#stage.show(said);
        this.#lines.add(user, said);
      },
      onJump: () => this.#clear(),
    });
    this.#toggle.addEventListener('click', () => {
      this.#isOn = !this.#isOn;
      remember('danmu', this.#isOn ? undefined : 'off');
      this.#clear();
    });
    const bar = element('div', { class: 'danmu-bar' }, this.#toggle);
    this.element = element('div', { class: 'danmu', 'aria-label': 'Danmu', role: 'group' }, bar, this.#lines.element);
    this.#show();
  }

  /** `url`: where it is told what was said; `undefined`: nothing is played. `isGrowing`: it is still being recorded. */
  choose(url: string | undefined, isGrowing = false): void {
    const isOther = url !== this.#url;
    this.#url = url;
    if (isOther) {
      this.#hasSome = false;
      this.#clear();
    }
    this.#danmu.choose(url, isGrowing);
  }

  /** The player is at this place, and goes on. */
  played(seconds: number): void {
    this.#danmu.played(seconds);
  }

  #clear(): void {
    this.#stage.clear();
    this.#lines.clear();
    this.#show();
  }

  #show(): void {
    setHidden(this.element, !this.#hasSome);
    setHidden(this.#lines.element, !this.#isOn || this.#lines.isEmpty);
    setAttribute(this.#toggle, 'aria-pressed', String(this.#isOn));
    setAttribute(this.#toggle, 'title', this.#isOn ? 'Hide danmu' : 'Show danmu');
  }
}
