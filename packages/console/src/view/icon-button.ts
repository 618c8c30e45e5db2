import { element } from './dom.js';

/** A button of one picture. Its words are the caller's to give. */
export function iconButton(picture: SVGSVGElement): HTMLButtonElement {
  return element('button', { type: 'button', class: 'button icon-button' }, picture);
}
