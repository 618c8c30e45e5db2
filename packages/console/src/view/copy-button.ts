import { element, setText } from './dom.js';
import { changeIcon, icon } from './icons.js';

const shownMs = 1600;

/** A button that copies a text. `source` holds the text, and is selected when the browser allows no copying. */
export function copyButton(source: HTMLElement, what: string): HTMLButtonElement {
  const picture = icon('copy');
  const label = element('span', { class: 'copy-label' }, 'Copy');
  // Its own words, so that a screen reader says what happened and not the whole button again.
  const announcement = element('span', { class: 'visually-hidden', role: 'status' });
  const name = element('span', { class: 'visually-hidden' }, ` ${what}`);
  const button = element('button', { type: 'button', class: 'button copy-button' }, picture, label, name, announcement);
  let timer: number | undefined;

  button.addEventListener('click', () => {
    void copyText(source).then((copied) => {
      changeIcon(picture, copied ? 'check' : 'copy');
      setText(label, copied ? 'Copied' : 'Ctrl+C');
      setText(announcement, copied ? 'Copied' : 'The text is selected. Press Control and C to copy it.');
      button.classList.toggle('is-copied', copied);
      window.clearTimeout(timer);
      timer = window.setTimeout(() => {
        changeIcon(picture, 'copy');
        setText(label, 'Copy');
        setText(announcement, '');
        button.classList.remove('is-copied');
      }, shownMs);
    });
  });
  return button;
}

async function copyText(source: HTMLElement): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(source.textContent ?? '');
    return true;
  } catch {
    // Plain http:// to another machine is no secure context: there is no clipboard, only the old way.
    const selection = window.getSelection();
    selection?.selectAllChildren(source);
    return document.execCommand('copy');
  }
}
