import { formatPlace } from '../model/index.js';
import type { RecordingPlayback } from '../player/index.js';
import { element, setAttribute, setText } from './dom.js';
import { changeIcon, icon } from './icons.js';
import { recall, remember } from './remembered.js';

export interface RecordingControlActions {
  readonly toggle: () => void;
  readonly seek: (seconds: number) => void;
}

/** The bar under the picture of a recording: play, the place in it, sound, full screen. */
export class RecordingControls {
  readonly element: HTMLElement;
  readonly #video: HTMLVideoElement;
  readonly #playIcon = icon('play');
  readonly #play = iconButton(this.#playIcon);
  readonly #muteIcon = icon('sound');
  readonly #mute = iconButton(this.#muteIcon);
  readonly #seek = element('input', {
    type: 'range',
    class: 'seek',
    min: 0,
    max: 1,
    step: 0.1,
    value: 0,
    disabled: true,
    'aria-label': 'Place in the recording',
  });
  readonly #place = element('span', { class: 'seek-time' });
  readonly #volume = element('input', {
    type: 'range',
    class: 'volume',
    min: 0,
    max: 1,
    step: 0.05,
    'aria-label': 'Volume',
  });
  /** The person has hold of the bar: it is not moved under the hand. */
  #isHeld = false;

  constructor(video: HTMLVideoElement, actions: RecordingControlActions) {
    this.#video = video;
    this.#play.addEventListener('click', actions.toggle);
    this.#seek.addEventListener('pointerdown', () => {
      this.#isHeld = true;
    });
    for (const event of ['pointerup', 'pointercancel', 'blur']) {
      this.#seek.addEventListener(event, () => {
        this.#isHeld = false;
      });
    }
    this.#seek.addEventListener('input', () => this.#showPlace(Number(this.#seek.value)));
    // Only where the hand lets go: every place on the way would be fetched.
    this.#seek.addEventListener('change', () => {
      this.#isHeld = false;
      actions.seek(Number(this.#seek.value));
    });
    this.#mute.addEventListener('click', () => {
      video.muted = !video.muted;
    });
    const volume = Number(recall('volume') ?? 1);
    video.volume = volume > 0 && volume <= 1 ? volume : 1;
    this.#volume.addEventListener('input', () => {
      video.volume = Number(this.#volume.value);
      video.muted = video.volume === 0;
      if (video.volume > 0) remember('volume', this.#volume.value);
    });
    video.addEventListener('volumechange', () => this.#showVolume());
    const fullscreen = iconButton(icon('fullscreen'));
    fullscreen.setAttribute('aria-label', 'Full screen');
    fullscreen.title = 'Full screen (F)';
    fullscreen.addEventListener('click', () => this.toggleFullscreen());
    document.addEventListener('fullscreenchange', () => {
      video.controls = document.fullscreenElement !== null && video.parentElement === document.fullscreenElement;
    });
    this.element = element(
      'div',
      { class: 'controls', role: 'group', 'aria-label': 'Controls of the recording' },
      this.#play,
      this.#seek,
      this.#place,
      this.#mute,
      this.#volume,
      fullscreen,
    );
    this.#showVolume();
  }

  update({ phase }: RecordingPlayback, at: { readonly position: number; readonly duration: number }): void {
    const isPlaying = phase === 'playing' || phase === 'loading';
    changeIcon(this.#playIcon, isPlaying ? 'pause' : 'play');
    setAttribute(this.#play, 'aria-label', isPlaying ? 'Pause' : 'Play');
    setAttribute(this.#play, 'title', isPlaying ? 'Pause (K)' : 'Play (K)');
    const duration = Math.max(0, at.duration);
    setAttribute(this.#seek, 'max', String(Math.max(0.1, duration)));
    this.#seek.disabled = duration === 0;
    if (this.#isHeld || phase === 'loading') return;
    const position = phase === 'ended' ? duration : Math.min(at.position, duration);
    this.#seek.value = String(position);
    this.#showPlace(position);
  }

  toggleFullscreen(): void {
    if (document.fullscreenElement !== null) {
      void document.exitFullscreen();
      return;
    }
    const video: HTMLVideoElement & { webkitEnterFullscreen?: () => void } = this.#video;
    const stage = video.parentElement ?? video;
    // A refusal leaves everything as it is, which the person sees.
    if (typeof stage.requestFullscreen === 'function') stage.requestFullscreen().catch(() => undefined);
    else video.webkitEnterFullscreen?.();
  }

  #showPlace(seconds: number): void {
    const duration = Number(this.#seek.max);
    const words = `${formatPlace(seconds)} / ${formatPlace(this.#seek.disabled ? 0 : duration)}`;
    setText(this.#place, words);
    setAttribute(this.#seek, 'aria-valuetext', words.replace('/', 'of'));
    this.#seek.style.setProperty('--done', `${duration > 0 ? (100 * seconds) / duration : 0}%`);
  }

  #showVolume(): void {
    const { muted, volume } = this.#video;
    changeIcon(this.#muteIcon, muted ? 'silence' : 'sound');
    setAttribute(this.#mute, 'aria-label', muted ? 'Unmute' : 'Mute');
    setAttribute(this.#mute, 'title', muted ? 'Unmute (M)' : 'Mute (M)');
    const shown = String(muted ? 0 : volume);
    if (this.#volume.value !== shown) this.#volume.value = shown;
  }
}

function iconButton(picture: SVGSVGElement): HTMLButtonElement {
  return element('button', { type: 'button', class: 'button icon-button' }, picture);
}
