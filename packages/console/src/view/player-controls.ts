import type { PlayerView, Transport } from '../player/index.js';
import { element, setAttribute } from './dom.js';
import { changeIcon, icon } from './icons.js';
import { recall, remember } from './remembered.js';

export interface PlayerControlActions {
  readonly togglePlay: () => void;
  readonly changeTransport: (transport: Transport) => void;
}

/** The bar under the picture: play, sound, transport, full screen. */
export class PlayerControls {
  readonly element: HTMLElement;
  readonly #video: HTMLVideoElement;
  readonly #playIcon = icon('pause');
  readonly #play: HTMLButtonElement;
  readonly #muteIcon = icon('silence');
  readonly #mute: HTMLButtonElement;
  readonly #volume = element('input', {
    type: 'range',
    class: 'volume',
    min: 0,
    max: 1,
    step: 0.05,
    'aria-label': 'Volume',
  });

  constructor(video: HTMLVideoElement, transport: Transport, actions: PlayerControlActions) {
    this.#video = video;
    this.#play = iconButton(this.#playIcon);
    this.#mute = iconButton(this.#muteIcon);
    this.#play.addEventListener('click', actions.togglePlay);
    this.#mute.addEventListener('click', () => {
      if (video.muted && video.volume === 0) video.volume = 0.5;
      video.muted = !video.muted;
    });

    const volume = Number(recall('volume') ?? 1);
    video.volume = volume > 0 && volume <= 1 ? volume : 1;
    this.#volume.addEventListener('input', () => {
      video.volume = Number(this.#volume.value);
      video.muted = video.volume === 0;
      if (video.volume > 0) remember('volume', this.#volume.value);
    });

    const fullscreen = iconButton(icon('fullscreen'));
    fullscreen.setAttribute('aria-label', 'Full screen');
    fullscreen.title = 'Full screen (F)';
    fullscreen.addEventListener('click', () => this.toggleFullscreen());
    // The browser's own controls take over there: ours are not on that screen.
    document.addEventListener('fullscreenchange', () => {
      video.controls = document.fullscreenElement !== null;
    });

    const end = [transportSwitch(transport, actions.changeTransport), ...pictureInPictureButton(video), fullscreen];
    this.element = element(
      'div',
      { class: 'controls', role: 'group', 'aria-label': 'Player controls' },
      this.#play,
      this.#mute,
      this.#volume,
      element('span', { class: 'controls-gap' }),
      ...end,
    );
  }

  update(view: PlayerView): void {
    const open = ['starting', 'playing', 'suspended'].includes(view.phase.kind);
    const paused = view.paused || view.phase.kind === 'suspended';
    this.#play.disabled = !open;
    changeIcon(this.#playIcon, paused || !open ? 'play' : 'pause');
    setAttribute(this.#play, 'aria-label', paused || !open ? 'Play' : 'Pause');
    setAttribute(this.#play, 'title', paused || !open ? 'Play (K)' : 'Pause (K)');
    const { muted } = this.#video;
    changeIcon(this.#muteIcon, muted ? 'silence' : 'sound');
    setAttribute(this.#mute, 'aria-label', muted ? 'Unmute' : 'Mute');
    setAttribute(this.#mute, 'title', muted ? 'Unmute (M)' : 'Mute (M)');
    const shown = String(muted ? 0 : this.#video.volume);
    if (this.#volume.value !== shown) this.#volume.value = shown;
  }

  focusMute(): void {
    this.#mute.focus();
  }

  toggleFullscreen(): void {
    if (document.fullscreenElement !== null) {
      void document.exitFullscreen();
      return;
    }
    const video: HTMLVideoElement & { webkitEnterFullscreen?: () => void } = this.#video;
    // The whole stage: danmu cross the picture there, too. iPhones know only their own way.
    const stage = video.parentElement ?? video;
    // A refusal leaves everything as it is, which the person sees.
    if (typeof stage.requestFullscreen === 'function') stage.requestFullscreen().catch(() => undefined);
    else video.webkitEnterFullscreen?.();
  }
}

function iconButton(picture: SVGSVGElement): HTMLButtonElement {
  return element('button', { type: 'button', class: 'button icon-button' }, picture);
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
