import { copyButton } from './copy-button.js';
import { element, setText } from './dom.js';

/** A label, a text to copy, and the button for it. */
export class TextRow {
  readonly element: HTMLElement;
  readonly #text: HTMLElement;

  /** `kind`: `line` stays on one line and can be scrolled, `block` is wrapped. */
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
    setText(this.#text, text);
  }
}
