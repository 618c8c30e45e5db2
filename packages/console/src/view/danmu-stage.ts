import Danmaku from 'danmaku/dist/esm/danmaku.dom.js';
import { element } from './dom.js';

// How long a text takes to cross the picture.
const crossingSeconds = 9;
// In a burst, such as the last danmu of the room at the start, as many go as have room, and the oldest not at all.
const maxWaiting = 12;
const minIntervalMs = 120;
// A letter's width by its height, between those of Latin and Chinese.
const letterRatio = 0.75;
// What is longer can be read in the list.
const maxLength = 60;
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
    this.#waiting.push({ text: shortened(text.replace(/\s+/g, ' ')), own });
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
    this.#timer = window.setTimeout(() => this.#next(), this.#intervalMs(line.text));
  }

  #emit({ text, own }: Line): void {
    this.#openLayer().emit({
      text,
      mode: this.#reducedMotion.matches ? 'top' : 'rtl',
      style: own
        ? { outline: '1px solid currentColor', outlineOffset: '-1px', borderRadius: '0.25em', padding: '0 0.3em' }
        : {},
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

  /** Until the next text finds a lane whose last one is wholly in the picture. */
  #intervalMs(text: string): number {
    const { fontSize, lineHeight } = getComputedStyle(this.element);
    const lanes = Math.max(1, Math.floor(this.element.clientHeight / Number.parseFloat(lineHeight)));
    const width = (text.length + 2) * letterRatio * Number.parseFloat(fontSize);
    return Math.max(minIntervalMs, (1000 * width) / this.#speed() / lanes);
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

function shortened(text: string): string {
  const letters = Array.from(text);
  return letters.length > maxLength ? `${letters.slice(0, maxLength - 1).join('')}…` : text;
}
