import { element, setAttribute } from './dom.js';
import { iconButton } from './icon-button.js';
import { changeIcon, icon } from './icons.js';
import { recall, remember } from './remembered.js';

/** How loud a video is: the button that mutes it, and the volume, which is remembered. */
export class SoundControls {
  readonly mute: HTMLButtonElement;
  readonly volume = element('input', {
    type: 'range',
    class: 'volume',
    min: 0,
    max: 1,
    step: 0.05,
    'aria-label': 'Volume',
  });
  readonly #video: HTMLVideoElement;
  readonly #muteIcon = icon('sound');

  constructor(video: HTMLVideoElement) {
    this.#video = video;
    this.mute = iconButton(this.#muteIcon);
    this.mute.addEventListener('click', () => {
      // Muted by the volume: there would be nothing to hear.
      if (video.muted && video.volume === 0) video.volume = 0.5;
      video.muted = !video.muted;
    });
    const volume = Number(recall('volume') ?? 1);
    video.volume = volume > 0 && volume <= 1 ? volume : 1;
    this.volume.addEventListener('input', () => {
      video.volume = Number(this.volume.value);
      video.muted = video.volume === 0;
      if (video.volume > 0) remember('volume', this.volume.value);
    });
    video.addEventListener('volumechange', () => this.#show());
    this.#show();
  }

  #show(): void {
    const { muted, volume } = this.#video;
    changeIcon(this.#muteIcon, muted ? 'silence' : 'sound');
    setAttribute(this.mute, 'aria-label', muted ? 'Unmute' : 'Mute');
    setAttribute(this.mute, 'title', muted ? 'Unmute (M)' : 'Mute (M)');
    const shown = String(muted ? 0 : volume);
    if (this.volume.value !== shown) this.volume.value = shown;
  }
}
