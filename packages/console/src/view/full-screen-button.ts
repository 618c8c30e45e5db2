import { iconButton } from './icon-button.js';
import { icon } from './icons.js';

/** Puts the picture of a video, with what lies over it, on the whole screen. */
export class FullScreenButton {
  readonly element = iconButton(icon('fullscreen'));
  readonly #video: HTMLVideoElement;

  constructor(video: HTMLVideoElement) {
    this.#video = video;
    this.element.setAttribute('aria-label', 'Full screen');
    this.element.title = 'Full screen (F)';
    this.element.addEventListener('click', () => this.toggle());
    // The browser's own controls take over there: ours are not on that screen.
    document.addEventListener('fullscreenchange', () => {
      video.controls = document.fullscreenElement?.contains(video) === true;
    });
  }

  toggle(): void {
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
