import { copyButton } from './copy-button.js';
import { element, setText } from './dom.js';

/** A label, a text to copy, and the button for it. */
export class TextRow {
  readonly element: HTMLElement;
  readonly #text: HTMLElement;

  /** `kind`: `line` is an address, broken anywhere where it must be; `block` a command, broken between words. */
  constructor(label: string, kind: 'line' | 'block') {
    this.#text = element('code', { class: 'copy-text', tabindex: 0, 'aria-label': label });
    this.element = element(
      'div',
      { class: `text-row text-row-${kind}` },
      element('span', { class: 'text-row-label' }, label),
      element('div', { class: 'text-row-box' }, this.#text, copyButton(this.#text, label)),
    );
  }

  update(text: string): void {
    if (this.#text.textContent === text) return;
    // One element a word, so that lines break between words and not after the hyphen of an option.
    const words = text.split(/(?<= )/).map((word) => element('span', { class: 'word' }, word));
    this.#text.replaceChildren(...words);
  }
}

/** A label and a text that is chosen from a list elsewhere, so that copying it is no use. */
export class PlainRow {
  readonly element: HTMLElement;
  readonly #value = element('span', { class: 'plain-value' });

  constructor(label: string) {
    this.element = element(
      'div',
      { class: 'plain-row' },
      element('span', { class: 'text-row-label' }, label),
      this.#value,
    );
  }

  update(text: string): void {
    setText(this.#value, text);
  }
}
