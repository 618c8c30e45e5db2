import { type ConsoleState, isReachable, knownLive, liveChosen } from '../model/index.js';
import { type PlayerView, type PlayOrder, StreamPlayer, type Transport } from '../player/index.js';
import { DanmuPanel } from './danmu-panel.js';
import { element, setAttribute, setHidden, setText } from './dom.js';
import { icon } from './icons.js';
import { PlayerControls } from './player-controls.js';
import { playerMessage } from './player-message.js';
import { recall, remember } from './remembered.js';

/** The chosen stream: its name, the picture, what there is to say about it, and the controls. */
export class PlayerPanel {
  readonly element: HTMLElement;
  readonly video = element('video', { id: 'player', playsinline: true, preload: 'none' });
  readonly #app = element('span', { class: 'row-app' });
  readonly #name = element('bdi', {});
  readonly #badge = element('span', { class: 'badge' });
  readonly #messageTitle = element('strong', { class: 'message-title' });
  readonly #messageDetail = element('span', { class: 'message-detail' });
  readonly #spinner = element('span', { class: 'spinner', 'aria-hidden': 'true' });
  readonly #bigPlay = element('button', { type: 'button', class: 'big-play', 'aria-label': 'Play' }, icon('play'));
  readonly #message: HTMLElement;
  readonly #audioOnly = element(
    'div',
    { class: 'audio-only', 'aria-hidden': 'true' },
    icon('sound'),
    element('span', {}, 'Audio only'),
  );
  readonly #unmute = element(
    'button',
    { type: 'button', class: 'unmute' },
    icon('silence'),
    element('span', {}, 'Unmute'),
  );
  readonly #notice = element('p', { class: 'notice', role: 'status' });
  readonly #player: StreamPlayer;
  readonly #controls: PlayerControls;
  readonly #danmu = new DanmuPanel();
  #view: PlayerView = { phase: { kind: 'idle' }, paused: false, blocked: false, buffering: false };
  #state: ConsoleState | undefined;
  #transport: Transport = recall('transport') === 'websocket' ? 'websocket' : 'http';

  /** `onTransport` is told when the person switches between HTTP and WebSocket. */
  constructor(onTransport: () => void) {
    this.#player = new StreamPlayer(this.video, (view) => {
      this.#view = view;
      this.#show();
    });
    this.#controls = new PlayerControls(this.video, this.#transport, {
      togglePlay: () => this.#togglePlay(),
      changeTransport: (transport) => {
        this.#transport = transport;
        remember('transport', transport);
        onTransport();
      },
    });
    this.#bigPlay.addEventListener('click', () => this.#player.play());
    this.#unmute.addEventListener('click', () => {
      this.video.muted = false;
      this.#controls.focusMute();
    });
    this.video.addEventListener('click', () => this.#togglePlay());
    this.video.addEventListener('volumechange', () => this.#show());

    const words = element('div', { class: 'message-words', role: 'status' }, this.#messageTitle, this.#messageDetail);
    this.#message = element('div', { class: 'message' }, this.#spinner, this.#bigPlay, words);
    const stage = element(
      'div',
      { class: 'stage' },
      this.video,
      this.#audioOnly,
      this.#danmu.stage,
      this.#message,
      this.#unmute,
    );
    const title = element('h2', { class: 'player-title' }, this.#app, this.#name);
    this.element = element(
      'section',
      { class: 'player-panel', 'aria-label': 'Player' },
      element('div', { class: 'player-head' }, title, this.#badge),
      element('div', { class: 'player-frame' }, stage, this.#controls.element, this.#danmu.element),
      this.#notice,
    );
    this.element.addEventListener('keydown', (event) => this.#keyPressed(event));
  }

  update(state: ConsoleState, place: PlayOrder['place']): void {
    const sameChoice = this.#state?.chosen === state.chosen;
    this.#state = state;
    this.#danmu.update(place, state.loaded ? state.chosen : undefined);
    // An old list says nothing about what can be played: what plays goes on, and tries wait for the next answer.
    if (state.loaded && (state.connection === 'connected' || !sameChoice)) {
      this.#player.update({
        place,
        chosen: state.chosen,
        live: liveChosen(state),
        missedPolls: state.missedPolls,
        transport: this.#transport,
      });
    }
    this.#show();
  }

  /** As `ShownMedia.publishedAtMs`. */
  get publishedAtMs(): number | undefined {
    return this.#player.publishedAtMs;
  }

  #togglePlay(): void {
    if (this.#player.paused || this.#view.phase.kind === 'suspended') this.#player.play();
    else if (this.#view.phase.kind === 'playing' || this.#view.phase.kind === 'starting') this.#player.pause();
  }

  #keyPressed(event: KeyboardEvent): void {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    // What is typed is text.
    if (event.target instanceof HTMLInputElement && event.target.type === 'text') return;
    const onControl = event.target instanceof HTMLElement && event.target.closest('button, input, a, ol') !== null;
    switch (event.key.toLowerCase()) {
      case ' ':
      case 'k':
        // On a button the space bar belongs to the button.
        if (event.key === ' ' && onControl) return;
        this.#togglePlay();
        break;
      case 'm':
        this.video.muted = !this.video.muted;
        break;
      case 'f':
        this.#controls.toggleFullscreen();
        break;
      default:
        return;
    }
    event.preventDefault();
  }

  #show(): void {
    const state = this.#state;
    if (state?.chosen === undefined) return;
    const live = knownLive(state, this.#view.phase.kind === 'playing');
    setText(this.#app, `${state.chosen.app}/`);
    setText(this.#name, state.chosen.name);
    setAttribute(this.video, 'aria-label', `Picture of ${state.chosen.app}/${state.chosen.name}`);

    const message = playerMessage(this.#view, `${state.chosen.app}/${state.chosen.name}`, isReachable(state));
    setHidden(this.#message, message === undefined);
    setText(this.#messageTitle, message?.title ?? '');
    setText(this.#messageDetail, message?.detail ?? '');
    setHidden(this.#spinner, message?.busy !== true);
    setHidden(this.#bigPlay, message?.playButton !== true);
    setAttribute(this.#message, 'data-kind', this.#view.phase.kind);

    const playing = this.#view.phase.kind === 'playing' && !this.#view.paused;
    setText(this.#badge, live === undefined ? 'Offline' : 'Live');
    setAttribute(this.#badge, 'data-state', live === undefined ? 'offline' : 'live');
    setHidden(this.#audioOnly, !(playing && live !== undefined && live.video === null));
    setHidden(this.#unmute, !(playing && this.video.muted && live?.audio !== null && this.#view.notice === undefined));
    setHidden(this.#notice, this.#view.notice === undefined || !playing);
    setText(this.#notice, this.#view.notice ?? '');
    this.#controls.update(this.#view);
  }
}
