import { element } from './dom.js';

const maxLines = 100;

/** What was said last, to be read. */
export class DanmuLines {
  readonly element = element('ol', { class: 'danmu-lines', role: 'log', 'aria-label': 'Danmu', tabindex: 0 });

  get isEmpty(): boolean {
    return this.element.childElementCount === 0;
  }

  add(user: string, said: string, own = false): void {
    const lines = this.element;
    const atEnd = lines.scrollHeight - lines.scrollTop - lines.clientHeight < 8;
    const name = element('bdi', { class: 'danmu-user' }, user === '' ? '?' : user);
    lines.append(element('li', { class: own ? 'is-own' : undefined }, name, ' ', element('bdi', {}, said)));
    while (lines.childElementCount > maxLines) lines.firstElementChild?.remove();
    lines.hidden = false;
    // Who has scrolled back is reading.
    if (atEnd) lines.scrollTop = lines.scrollHeight;
  }

  clear(): void {
    this.element.replaceChildren();
  }
}
