import Danmaku from 'danmaku/dist/esm/danmaku.dom.js';
import { element } from './dom.js';

// How long a text takes to cross the picture.
const crossingSeconds = 9;
// In a burst, such as the last danmu of the room at the start, some go at a time and the oldest not at all.
const intervalMs = 150;
const maxWaiting = 40;
// Danmaku keeps what it has shown for as long as it lives.
const layerComments = 500;

interface Line {
  readonly text: string;
  readonly own: boolean;
}

/** Texts that cross the picture. They are never read as markup. */
export class DanmuStage {
  readonly element = element('div', { class: 'danmu-stage', 'aria-hidden': 'true' });
  readonly #reducedMotion = window.matchMedia('(prefers-reduced-motion: reduce)');
  #layer: Danmaku | undefined;
  #shown = 0;
  #waiting: Line[] = [];
  #timer: number | undefined;

  constructor() {
    new ResizeObserver(() => this.#resize()).observe(this.element);
  }

  show(text: string, own = false): void {
    // Nothing moves in a page that is not seen: it would all come at once later.
    if (document.hidden) return;
    this.#waiting.push({ text: text.replace(/\s+/g, ' '), own });
    if (this.#waiting.length > maxWaiting) this.#waiting.shift();
    if (this.#timer === undefined) this.#next();
  }

  clear(): void {
    this.#waiting = [];
    this.#layer?.clear();
  }

  #next(): void {
    this.#timer = undefined;
    const line = this.#waiting.shift();
    if (line === undefined) return;
    this.#emit(line);
    this.#timer = window.setTimeout(() => this.#next(), intervalMs);
  }

  #emit({ text, own }: Line): void {
    this.#openLayer().emit({
      text,
      mode: this.#reducedMotion.matches ? 'top' : 'rtl',
      style: own ? { border: '1px solid currentColor', borderRadius: '0.25em', padding: '0 0.3em' } : {},
    });
    this.#shown += 1;
  }

  /** Now and then a new one; what the old one shows still crosses. */
  #openLayer(): Danmaku {
    if (this.#layer !== undefined && this.#shown < layerComments) return this.#layer;
    const old = this.#layer;
    if (old !== undefined) {
      const oldElement = this.element.lastElementChild;
      window.setTimeout(() => {
        old.destroy();
        oldElement?.remove();
      }, crossingSeconds * 1000);
    }
    const container = element('div', { class: 'danmu-layer' });
    this.element.append(container);
    this.#layer = new Danmaku({ container, speed: this.#speed() });
    this.#shown = 0;
    return this.#layer;
  }

  #resize(): void {
    if (this.#layer === undefined) return;
    this.#layer.speed = this.#speed();
    this.#layer.resize();
  }

  #speed(): number {
    return Math.max(40, this.element.clientWidth / crossingSeconds);
  }
}
