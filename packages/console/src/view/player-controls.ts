import type { PlayerView, Transport } from '../player/index.js';
import { element, setAttribute } from './dom.js';
import { FullScreenButton } from './full-screen-button.js';
import { iconButton } from './icon-button.js';
import { changeIcon, icon } from './icons.js';
import { SoundControls } from './sound-controls.js';

export interface PlayerControlActions {
  readonly togglePlay: () => void;
  readonly changeTransport: (transport: Transport) => void;
}

/** The bar under the picture: play, sound, transport, full screen. */
export class PlayerControls {
  readonly element: HTMLElement;
  readonly #playIcon = icon('pause');
  readonly #play: HTMLButtonElement;
  readonly #sound: SoundControls;
  readonly #fullScreen: FullScreenButton;

  constructor(video: HTMLVideoElement, transport: Transport, actions: PlayerControlActions) {
    this.#play = iconButton(this.#playIcon);
    this.#sound = new SoundControls(video);
    this.#fullScreen = new FullScreenButton(video);
    this.#play.addEventListener('click', actions.togglePlay);
    const end = [transportSwitch(transport, actions.changeTransport), ...pictureInPictureButton(video)];
    this.element = element(
      'div',
      { class: 'controls', role: 'group', 'aria-label': 'Player controls' },
      this.#play,
      this.#sound.mute,
      this.#sound.volume,
      element('span', { class: 'controls-gap' }),
      ...end,
      this.#fullScreen.element,
    );
  }

  update(view: PlayerView): void {
    const open = ['starting', 'playing', 'suspended'].includes(view.phase.kind);
    const paused = view.paused || view.phase.kind === 'suspended';
    this.#play.disabled = !open;
    changeIcon(this.#playIcon, paused || !open ? 'play' : 'pause');
    setAttribute(this.#play, 'aria-label', paused || !open ? 'Play' : 'Pause');
    setAttribute(this.#play, 'title', paused || !open ? 'Play (K)' : 'Pause (K)');
  }

  focusMute(): void {
    this.#sound.mute.focus();
  }

  toggleFullscreen(): void {
    this.#fullScreen.toggle();
  }
}

function pictureInPictureButton(video: HTMLVideoElement): HTMLButtonElement[] {
  if (!document.pictureInPictureEnabled) return [];
  const button = iconButton(icon('pictureInPicture'));
  button.classList.add('picture-in-picture');
  button.setAttribute('aria-label', 'Picture in picture');
  button.title = 'Picture in picture';
  button.addEventListener('click', () => {
    const change =
      document.pictureInPictureElement === video ? document.exitPictureInPicture() : video.requestPictureInPicture();
    // Refused while there is no picture yet: nothing happens, which the person sees.
    Promise.resolve(change).catch(() => undefined);
  });
  return [button];
}

function transportSwitch(current: Transport, onChange: (transport: Transport) => void): HTMLElement {
  const choice = (transport: Transport, label: string, title: string): HTMLElement => {
    const input = element('input', {
      type: 'radio',
      name: 'transport',
      value: transport,
      checked: transport === current,
    });
    input.addEventListener('change', () => onChange(transport));
    return element('label', { title }, input, element('span', {}, label));
  };
  return element(
    'fieldset',
    { class: 'segmented' },
    element('legend', { class: 'visually-hidden' }, 'Transport'),
    choice('http', 'HTTP', 'FLV over HTTP'),
    choice('websocket', 'WS', 'FLV over WebSocket'),
  );
}
