import { svgElement } from './dom.js';

// Drawn for this page on a 24 × 24 grid, strokes of 2 in the colour of the text.
const strokes = {
  play: 'M8 5.5v13l10.5-6.5z',
  pause: 'M9 5.5v13M15 5.5v13',
  sound: 'M4 10v4h3.5L12 18V6L7.5 10zM15.5 9a4.2 4.2 0 0 1 0 6M18 6.5a7.8 7.8 0 0 1 0 11',
  silence: 'M4 10v4h3.5L12 18V6L7.5 10zM16 9.5l5 5M21 9.5l-5 5',
  fullscreen: 'M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5',
  pictureInPicture: 'M4 5h16v14H4zM12.5 12H17v4h-4.5z',
  copy: 'M9 9h11v11H9zM5.5 15H4V4h11v1.5',
  check: 'M5 12.5l4.5 4.5L19 7.5',
  sun: 'M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8M12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M5.3 18.7l1.4-1.4M17.3 6.7l1.4-1.4',
  moon: 'M20 14.5A8.3 8.3 0 0 1 9.5 4a8.3 8.3 0 1 0 10.5 10.5z',
  screen: 'M3.5 5h17v11h-17zM9 20h6M12 16v4',
  warning: 'M12 4.5 21 19.5H3zM12 10v4.5M12 17v.1',
  viewers:
    'M2.5 12C5 7.5 8.3 5.5 12 5.5s7 2 9.5 6.5c-2.5 4.5-5.8 6.5-9.5 6.5S5 16.5 2.5 12zM12 9.3a2.7 2.7 0 1 0 0 5.4 2.7 2.7 0 0 0 0-5.4',
  clock: 'M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17M12 7.5V12l3 2',
  danmu: 'M4 5h16v11h-9l-4.5 4v-4H4zM8 9h8M8 12.3h5',
  download: 'M12 4v11M7 11l5 5 5-5M5 20h14',
  bin: 'M4.5 7h15M9.5 7V4.5h5V7M6.5 7l1 13h9l1-13M10 11v5.5M14 11v5.5',
  calendar: 'M4 6h16v14H4zM4 10.5h16M8 3.5V7M16 3.5V7',
  rate: 'M3.5 17.5l5-6 4 3.5 8-9M15.5 6h5v5',
} as const;

export type IconName = keyof typeof strokes;

/** A picture beside a text or inside a labelled button: assistive technology passes over it. */
export function icon(name: IconName): SVGSVGElement {
  const path = svgElement('path', { d: strokes[name] });
  return svgElement('svg', { class: 'icon', viewBox: '0 0 24 24', 'aria-hidden': 'true', 'data-icon': name }, path);
}

/** Turns an icon into another one. */
export function changeIcon(node: SVGSVGElement, name: IconName): void {
  if (node.dataset.icon === name) return;
  node.dataset.icon = name;
  node.firstElementChild?.setAttribute('d', strokes[name]);
}

/** The mark of millrace: a mill wheel with a play sign for its hub, and the water below it. */
export function millraceMark(): SVGSVGElement {
  const wheel = svgElement('circle', { cx: 16, cy: 14, r: 6.6 });
  const paddles = svgElement('path', {
    d: 'M16 3.9v3.2M23.1 6.9l-2.2 2.2M26.1 14h-3.2M8.9 6.9l2.2 2.2M5.9 14h3.2M8.6 21.1l2.5-2.3M23.4 21.1l-2.5-2.3',
  });
  const water = svgElement('path', {
    d: 'M4.5 26.4c2.3-2.1 4.6-2.1 6.9 0s4.6 2.1 6.9 0 4.6-2.1 6.9 0c.8.7 1.5 1.1 2.3 1.4',
  });
  const lines = svgElement('g', { class: 'mark-lines' }, wheel, paddles, water);
  const hub = svgElement('path', { class: 'mark-hub', d: 'M14.3 10.9v6.2l5-3.1z' });
  const tile = svgElement('rect', { class: 'mark-tile', width: 32, height: 32, rx: 8 });
  return svgElement('svg', { class: 'mark', viewBox: '0 0 32 32', 'aria-hidden': 'true' }, tile, lines, hub);
}
