import type { RecordingInfo } from '../api/index.js';
import {
  formatAudio,
  formatBytes,
  formatVideo,
  httpFlvUrl,
  joinKnown,
  type RecordingsState,
  recordingDanmuUrl,
  recordingUrl,
  rtmpUrl,
  type ServerPlace,
  splitRecordingPath,
} from '../model/index.js';
import { type RecordingPlayback, RecordingPlayer } from '../player/index.js';
import { element, setAttribute, setHidden, setText } from './dom.js';
import { icon } from './icons.js';
import { RecordedDanmuPanel } from './recorded-danmu-panel.js';
import { RecordingControls } from './recording-controls.js';
import { TextRow } from './text-row.js';

/** Seconds that the arrow keys move by. */
const stepSeconds = 5;
const date = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'short' });

export interface RecordingStageActions {
  /** Something is to be shown differently. */
  readonly changed: () => void;
  /** Deletes; resolves with why not. */
  readonly remove: (path: string) => Promise<string | undefined>;
}

/** The chosen recording: its name, the picture, controls, what is in it, and what can be done with it. */
export class RecordingStage {
  readonly element: HTMLElement;
  readonly #actions: RecordingStageActions;
  readonly #video = element('video', { playsinline: true, preload: 'metadata' });
  readonly #app = element('span', { class: 'row-app' });
  readonly #name = element('bdi', {});
  readonly #badge = element('span', { class: 'badge', 'data-state': 'live' }, 'Recording');
  readonly #title = element('strong', { class: 'message-title' });
  readonly #spinner = element('span', { class: 'spinner', 'aria-hidden': 'true' });
  readonly #bigPlay = element('button', { type: 'button', class: 'big-play', 'aria-label': 'Play' }, icon('play'));
  readonly #message: HTMLElement;
  readonly #notice = element('p', { class: 'notice', role: 'status' });
  readonly #facts = element('p', { class: 'recording-facts' });
  readonly #download = element('a', { class: 'button action' }, icon('download'), element('span', {}, 'Download'));
  readonly #delete = element(
    'button',
    { type: 'button', class: 'button action action-danger' },
    icon('bin'),
    element('span', {}, 'Delete'),
  );
  readonly #dialog = element('dialog', { class: 'confirm', 'aria-labelledby': 'confirm-title' });
  readonly #dialogName = element('bdi', { class: 'confirm-name' });
  readonly #dialogReason = element('p', { class: 'notice', role: 'alert' });
  readonly #rtmp = new TextRow('RTMP', 'line');
  readonly #flv = new TextRow('HTTP-FLV', 'line');
  readonly #file = new TextRow('File', 'line');
  readonly #danmu = new RecordedDanmuPanel();
  readonly #player: RecordingPlayer;
  readonly #controls: RecordingControls;
  #info: RecordingInfo | undefined;
  #isGone = false;

  constructor(actions: RecordingStageActions) {
    this.#actions = actions;
    this.#player = new RecordingPlayer(this.#video, () => this.#show());
    this.#controls = new RecordingControls(this.#video, {
      toggle: () => this.#player.toggle(),
      seek: (seconds) => this.#player.seek(seconds),
    });
    this.#bigPlay.addEventListener('click', () => this.#player.play());
    this.#video.addEventListener('click', () => this.#player.toggle());
    const words = element('div', { class: 'message-words', role: 'status' }, this.#title);
    this.#message = element('div', { class: 'message' }, this.#spinner, this.#bigPlay, words);
    const stage = element('div', { class: 'stage' }, this.#video, this.#danmu.stage, this.#message);
    const title = element('h2', { class: 'player-title' }, this.#app, this.#name);
    this.#delete.addEventListener('click', () => this.#ask());
    this.element = element(
      'section',
      { class: 'recording-stage', 'aria-label': 'Player of the recording' },
      element('div', { class: 'player-head' }, title, this.#badge),
      element('div', { class: 'player-frame' }, stage, this.#controls.element, this.#danmu.element),
      this.#notice,
      element('div', { class: 'recording-about' }, this.#facts, this.#download, this.#delete),
      element('div', { class: 'addresses' }, this.#rtmp.element, this.#flv.element, this.#file.element),
      this.#dialog,
    );
    this.#fillDialog();
    this.element.addEventListener('keydown', (event) => this.#keyPressed(event));
  }

  update({ info, isGone, list }: RecordingsState, place: ServerPlace): void {
    this.#info = info;
    this.#isGone = isGone;
    setHidden(this.element, info === undefined);
    if (info === undefined) {
      this.#player.choose(undefined);
      this.#danmu.choose(undefined);
      return;
    }
    const { app, file } = splitRecordingPath(info.path);
    setText(this.#app, `${app}/`);
    setText(this.#name, file);
    const fileUrl = recordingUrl(place, info.urls.file);
    setAttribute(this.#download, 'href', withDownload(fileUrl));
    setHidden(this.#delete, list?.deletable !== true);
    this.#delete.disabled = info.recording || isGone;
    setHidden(this.#download, isGone);
    setHidden(this.#badge, !info.recording);
    this.#rtmp.update(rtmpUrl(place, info));
    this.#flv.update(httpFlvUrl(place, info));
    this.#file.update(fileUrl);
    setText(
      this.#facts,
      joinKnown(
        formatVideo(info.video && { ...info.video, bitrateKbps: 0 }),
        formatAudio(info.audio && { ...info.audio, bitrateKbps: 0 }),
        formatBytes(info.bytes),
        date.format(info.modifiedAt),
      ),
    );
    this.#player.choose({ info, fileUrl });
    this.#danmu.choose(isGone ? undefined : recordingDanmuUrl(place, info.urls.file), info.recording);
    this.#show();
  }

  rest(): void {
    const { phase } = this.#player.playback;
    if (phase === 'playing' || phase === 'loading') this.#player.pause();
  }

  #show(): void {
    const { playback } = this.#player;
    const notice = this.#isGone ? 'This recording is not there any more.' : noticeOf(this.#info, playback);
    setHidden(this.#notice, notice === undefined);
    setText(this.#notice, notice ?? '');
    const { phase, isBuffering } = playback;
    const canPlay = phase === 'idle' || phase === 'paused' || phase === 'ended';
    const isBusy = phase === 'loading' || isBuffering;
    setHidden(this.#message, !canPlay && !isBusy && phase !== 'failed');
    setAttribute(this.#message, 'data-kind', isBusy ? 'starting' : phase);
    setHidden(this.#bigPlay, !canPlay);
    setHidden(this.#spinner, !isBusy);
    setText(this.#title, phase === 'failed' ? (playback.message ?? '') : '');
    this.#controls.update(playback, this.#player);
    if (phase === 'playing' && !isBuffering) this.#danmu.played(this.#player.position);
  }

  #keyPressed(event: KeyboardEvent): void {
    if (event.ctrlKey || event.altKey || event.metaKey || this.#dialog.open) return;
    const onControl = event.target instanceof HTMLElement && event.target.closest('button, input, a') !== null;
    // One of its own steps is a tenth of a second.
    const isOtherRange = event.target instanceof HTMLInputElement && !event.target.matches('.seek');
    switch (event.key) {
      case ' ':
      case 'k':
        // On a button the space bar belongs to the button.
        if (event.key === ' ' && onControl) return;
        this.#player.toggle();
        break;
      case 'ArrowLeft':
      case 'ArrowRight':
        if (isOtherRange) return;
        this.#player.seek(this.#player.position + (event.key === 'ArrowLeft' ? -stepSeconds : stepSeconds));
        break;
      case 'm':
        this.#video.muted = !this.#video.muted;
        break;
      case 'f':
        this.#controls.toggleFullscreen();
        break;
      default:
        return;
    }
    event.preventDefault();
  }

  #fillDialog(): void {
    const cancel = element('button', { type: 'button', class: 'button action', autofocus: true }, 'Keep it');
    const confirm = element('button', { type: 'button', class: 'button action action-danger' }, icon('bin'), 'Delete');
    cancel.addEventListener('click', () => this.#dialog.close());
    confirm.addEventListener('click', () => void this.#remove());
    this.#dialog.append(
      element('h3', { id: 'confirm-title', class: 'confirm-title' }, 'Delete this recording?'),
      element('p', {}, this.#dialogName, ' is taken off the server’s disk for good.'),
      this.#dialogReason,
      element('div', { class: 'confirm-buttons' }, cancel, confirm),
    );
  }

  #ask(): void {
    if (this.#info === undefined) return;
    setText(this.#dialogName, this.#info.path);
    setHidden(this.#dialogReason, true);
    this.#dialog.showModal();
  }

  async #remove(): Promise<void> {
    const info = this.#info;
    if (info === undefined) return;
    this.#player.choose(undefined);
    const reason = await this.#actions.remove(info.path);
    setText(this.#dialogReason, reason ?? '');
    setHidden(this.#dialogReason, reason === undefined);
    if (reason !== undefined) return;
    this.#dialog.close();
    this.#actions.changed();
  }
}

function noticeOf(info: RecordingInfo | undefined, { message, phase }: RecordingPlayback): string | undefined {
  if (message !== undefined && phase !== 'failed') return message;
  return info?.damage ?? undefined;
}

function withDownload(url: string): string {
  return `${url}${url.includes('?') ? '&' : '?'}download`;
}
