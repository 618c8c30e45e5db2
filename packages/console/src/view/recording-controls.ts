import { formatPlace } from '../model/index.js';
import type { RecordingPlayback } from '../player/index.js';
import { element, setAttribute, setText } from './dom.js';
import { FullScreenButton } from './full-screen-button.js';
import { iconButton } from './icon-button.js';
import { changeIcon, icon } from './icons.js';
import { SoundControls } from './sound-controls.js';

export interface RecordingControlActions {
  readonly toggle: () => void;
  readonly seek: (seconds: number) => void;
}

/** The bar under the picture of a recording: play, the place in it, sound, full screen. */
export class RecordingControls {
  readonly element: HTMLElement;
  readonly #fullScreen: FullScreenButton;
  readonly #playIcon = icon('play');
  readonly #play = iconButton(this.#playIcon);
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
  /** The person has hold of the bar: it is not moved under the hand. */
  #isHeld = false;

  constructor(video: HTMLVideoElement, actions: RecordingControlActions) {
    this.#fullScreen = new FullScreenButton(video);
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
    const sound = new SoundControls(video);
    this.element = element(
      'div',
      { class: 'controls', role: 'group', 'aria-label': 'Controls of the recording' },
      this.#play,
      this.#seek,
      this.#place,
      sound.mute,
      sound.volume,
      this.#fullScreen.element,
    );
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
    this.#fullScreen.toggle();
  }

  #showPlace(seconds: number): void {
    const duration = Number(this.#seek.max);
    const words = `${formatPlace(seconds)} / ${formatPlace(this.#seek.disabled ? 0 : duration)}`;
    setText(this.#place, words);
    setAttribute(this.#seek, 'aria-valuetext', words.replace('/', 'of'));
    this.#seek.style.setProperty('--done', `${duration > 0 ? (100 * seconds) / duration : 0}%`);
  }
}
