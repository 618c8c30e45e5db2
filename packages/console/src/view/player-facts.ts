import {
  type ConsoleState,
  formatAudio,
  formatBitrate,
  formatBytes,
  formatDuration,
  formatLatency,
  formatPublishToPlay,
  formatResolution,
  formatSeconds,
  formatVideo,
  formatViewerKinds,
  httpFlvUrl,
  joinKnown,
  liveChosen,
  publishLatency,
  rtmpUrl,
  type ServerPlace,
  webSocketFlvUrl,
} from '../model/index.js';
import { measurePlayback, type PlaybackMeasure } from '../player/index.js';
import { element, setAttribute, setHidden, setText } from './dom.js';
import { TextRow } from './text-row.js';

const none = '–';

/** What the figures are of. */
interface ShownVideo {
  readonly video: HTMLVideoElement;
  /** As `ShownMedia.publishedAtMs`. */
  readonly publishedAtMs: number | undefined;
}

/** The figures and addresses of the chosen stream. */
export class PlayerFacts {
  readonly element: HTMLElement;
  readonly #video = new Fact('Video', 'wide');
  readonly #audio = new Fact('Audio', 'wide');
  readonly #rate = new Fact('Bit rate', 'narrow');
  readonly #uptime = new Fact('Live for', 'narrow');
  readonly #picture = new Fact('Picture here', 'narrow');
  readonly #behind = new Fact(
    'Behind live',
    'narrow',
    'Media received but not yet shown: about the delay of this player',
  );
  readonly #toServer = new Fact(
    'Publish to server',
    'wide',
    'From the publisher’s clock to the server, by the ways in which the publisher tells it',
  );
  readonly #toPlay = new Fact('Publish to play', 'narrow', 'From the publisher’s clock to this picture');
  readonly #dropped = new Fact('Dropped frames', 'narrow', 'Frames this browser decoded too late to show');
  readonly #jumps = new Fact(
    'Jumps',
    'narrow',
    'Times the server moved a viewer that was too slow on to a newer key frame',
  );
  readonly #viewers = new Fact('Viewers', 'wide');
  readonly #publisher = new Fact('Publisher', 'wide');
  readonly #traffic = new Fact('Received, sent', 'narrow');
  readonly #rtmp = new TextRow('RTMP', 'line');
  readonly #http = new TextRow('HTTP-FLV', 'line');
  readonly #webSocket = new TextRow('WebSocket-FLV', 'line');
  readonly #list: HTMLElement;

  constructor() {
    const facts = [
      this.#video,
      this.#audio,
      this.#rate,
      this.#uptime,
      this.#picture,
      this.#behind,
      this.#toServer,
      this.#toPlay,
      this.#dropped,
      this.#jumps,
      this.#viewers,
      this.#publisher,
      this.#traffic,
    ];
    this.#list = element('dl', { class: 'facts' }, ...facts.map((fact) => fact.element));
    this.element = element(
      'div',
      { class: 'player-facts' },
      this.#list,
      element(
        'section',
        { class: 'addresses', 'aria-label': 'Addresses of this stream' },
        this.#rtmp.element,
        this.#http.element,
        this.#webSocket.element,
      ),
    );
  }

  /** `serverNowMs`: UTC; `undefined`: not known. */
  update(state: ConsoleState, place: ServerPlace, shown: ShownVideo, serverNowMs: number | undefined): void {
    if (state.chosen === undefined) return;
    this.#rtmp.update(rtmpUrl(place, state.chosen));
    this.#http.update(httpFlvUrl(place, state.chosen));
    this.#webSocket.update(webSocketFlvUrl(place, state.chosen));

    const live = liveChosen(state);
    setHidden(this.#list, live === undefined);
    if (live === undefined) return;
    this.#video.update(formatVideo(live.video), live.video ? formatBitrate(live.video.bitrateKbps) : undefined);
    this.#audio.update(formatAudio(live.audio), live.audio ? formatBitrate(live.audio.bitrateKbps) : undefined);
    this.#rate.update(formatBitrate(live.bitrateKbps));
    this.#uptime.update(formatDuration(live.uptimeMs));
    this.#viewers.update(String(live.viewers.total), formatViewerKinds(live.viewers));
    this.#traffic.update(`${formatBytes(live.bytesIn)}, ${formatBytes(live.bytesOut)}`);
    this.#publisher.update(live.publisher.software || none, live.publisher.address);
    this.#jumps.update(String(live.jumps));
    const measure = measurePlayback(shown.video);
    this.#updateMeasure(measure);
    const toServer = publishLatency(live.latency);
    this.#toServer.update(toServer === undefined ? none : formatLatency(toServer.ms), toServer?.others);
    const { publishedAtMs } = shown;
    const media = { publishedAtMs, behindSeconds: measure.behindSeconds };
    this.#toPlay.update(formatPublishToPlay(live.latency, media, serverNowMs) ?? none);
    // Most publishers do not tell their clock: nothing is missing then.
    for (const { element: fact } of [this.#toServer, this.#toPlay]) setHidden(fact, live.latency === null);
  }

  #updateMeasure(measure: PlaybackMeasure): void {
    this.#picture.update(formatResolution(measure.width, measure.height) ?? none);
    this.#behind.update(measure.behindSeconds === undefined ? none : `≈ ${formatSeconds(measure.behindSeconds)}`);
    const total = measure.totalFrames > 0 ? `of ${measure.totalFrames}` : undefined;
    this.#dropped.update(total === undefined ? none : joinKnown(String(measure.droppedFrames)), total);
  }
}

class Fact {
  readonly element: HTMLElement;
  readonly #value = element('span', { class: 'fact-value' });
  readonly #detail = element('span', { class: 'fact-detail' });

  constructor(label: string, width: 'narrow' | 'wide', explanation?: string) {
    this.element = element(
      'div',
      { class: width === 'wide' ? 'fact fact-wide' : 'fact', title: explanation },
      element('dt', {}, label),
      element('dd', {}, this.#value, this.#detail),
    );
  }

  update(value: string, detail?: string): void {
    setText(this.#value, value);
    setText(this.#detail, detail ?? '');
    setAttribute(this.#value, 'title', value.length > 24 ? value : undefined);
  }
}
