import { Counter, Gauge, Registry } from 'prom-client';
import { processMetrics } from './process-metrics.js';

/** What there is to tell of one stream. */
export interface StreamFigures {
  readonly app: string;
  readonly name: string;
  readonly players: number;
  /** From the publisher to this server, ms, by the name of the way in which it is known. */
  readonly latencyMs: ReadonlyMap<string, number>;
  /** The mean of what players report, ms; `undefined`: none does. */
  readonly playerLatencyMs: number | undefined;
}

/** The figures of a server at one moment. Of what is counted, the sums since its start. */
export interface ServerFigures {
  readonly streamCount: number;
  /** Not more than `ServerMetrics.maxStreams` of them are asked for. */
  readonly streams: readonly StreamFigures[];
  readonly publications: number;
  readonly players: Readonly<Record<string, number>>;
  /** Of media: payloads from publishers; what players were given. */
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly jumps: number;
  readonly skippedMessages: number;
  /** RTMP connections open now. */
  readonly connections: number;
  /** Turned away for want of room, by protocol. */
  readonly refusedConnections: Readonly<Record<string, number>>;
  /** Turned away by rules, webhooks or the application, by what they asked for. */
  readonly refusals: Readonly<Record<string, number>>;
  readonly recordings: {
    /** Now, by transport. */
    readonly players: Readonly<Record<string, number>>;
    readonly httpBytesOut: number;
    readonly rtmpBytesOut: number;
  };
  readonly services: {
    readonly rooms: number;
    readonly members: number;
    readonly messages: number;
    readonly dropped: number;
    readonly duplicates: number;
    readonly refused: number;
  };
}

/**
 * The figures of one server in the text format of Prometheus. They are read when somebody asks for them: nothing is
 * counted twice for them where media passes.
 */
export class ServerMetrics {
  /** Streams with series of their own: publishers choose their names, and a monitoring system keeps each for good. */
  static readonly maxStreams = 200;
  readonly #read: () => ServerFigures;
  readonly #registry = new Registry();
  readonly #setters: readonly ((figures: ServerFigures) => void)[];

  constructor(version: string, read: () => ServerFigures) {
    this.#read = read;
    const registers = [this.#registry];
    const labelNames = ['version', 'node'];
    new Gauge({ name: 'millrace_build_info', help: 'Always 1.', labelNames, registers }).set(
      { version, node: process.version },
      1,
    );
    this.#setters = [...this.#totals(), ...this.#labelled(), ...this.#services(), ...this.#perStream()];
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  async text(): Promise<string> {
    const figures = this.#read();
    for (const set of this.#setters) set(figures);
    return await Registry.merge([this.#registry, processMetrics()]).metrics();
  }

  #totals(): ((figures: ServerFigures) => void)[] {
    return [
      this.#gauge('millrace_streams', 'Streams published now.', (all) => all.streamCount),
      this.#counter('millrace_publications_total', 'Publications begun.', (all) => all.publications),
      this.#counter('millrace_media_received_bytes_total', 'Payload bytes from publishers.', (all) => all.bytesIn),
      this.#counter('millrace_media_sent_bytes_total', 'Bytes given to players.', (all) => all.bytesOut),
      this.#counter('millrace_jumps_total', 'Times a player that lagged was moved to a key frame.', (all) => all.jumps),
      this.#counter('millrace_skipped_messages_total', 'Messages they missed by it.', (all) => all.skippedMessages),
      this.#gauge('millrace_rtmp_connections', 'RTMP connections open now.', (all) => all.connections),
      this.#counter(
        'millrace_recording_http_sent_bytes_total',
        'Bytes of recordings given to clients over HTTP.',
        ({ recordings }) => recordings.httpBytesOut,
      ),
      this.#counter(
        'millrace_recording_rtmp_sent_bytes_total',
        'Bytes of recordings given to players over RTMP.',
        ({ recordings }) => recordings.rtmpBytesOut,
      ),
    ];
  }

  #labelled(): ((figures: ServerFigures) => void)[] {
    const registers = [this.#registry];
    const players = new Gauge({
      name: 'millrace_players',
      help: 'Players now, those that wait for a stream too.',
      labelNames: ['transport'],
      registers,
    });
    const recordings = new Gauge({
      name: 'millrace_recording_players',
      help: 'Players of recordings, and downloads, now.',
      labelNames: ['transport'],
      registers,
    });
    const connections = new Counter({
      name: 'millrace_refused_connections_total',
      help: 'Connections turned away because limits.connections was reached.',
      labelNames: ['protocol'],
      registers,
    });
    const refusals = new Counter({
      name: 'millrace_refusals_total',
      help: 'Requests that access rules, webhooks or the application refused.',
      labelNames: ['action'],
      registers,
    });
    return [
      (all) => {
        for (const [transport, count] of Object.entries(all.players)) players.set({ transport }, count);
      },
      (all) => {
        for (const [transport, count] of Object.entries(all.recordings.players)) recordings.set({ transport }, count);
      },
      (all) => {
        connections.reset();
        for (const [protocol, count] of Object.entries(all.refusedConnections)) connections.inc({ protocol }, count);
      },
      (all) => {
        refusals.reset();
        for (const [action, count] of Object.entries(all.refusals)) refusals.inc({ action }, count);
      },
    ];
  }

  #services(): ((figures: ServerFigures) => void)[] {
    return [
      this.#gauge('millrace_services', 'Services now.', ({ services }) => services.rooms),
      this.#gauge('millrace_service_members', 'Members of all services now.', ({ services }) => services.members),
      this.#counter('millrace_service_messages_total', 'Broadcasts taken.', ({ services }) => services.messages),
      this.#counter(
        'millrace_service_dropped_messages_total',
        'Messages that one of the members was not sent, as it did not read.',
        ({ services }) => services.dropped,
      ),
      this.#counter(
        'millrace_service_duplicate_messages_total',
        'Messages that came a second time.',
        ({ services }) => services.duplicates,
      ),
      this.#counter(
        'millrace_service_refused_messages_total',
        'Messages that were malformed, too many, or refused by the application.',
        ({ services }) => services.refused,
      ),
    ];
  }

  #perStream(): ((figures: ServerFigures) => void)[] {
    const labelNames = ['app', 'name'];
    const registers = [this.#registry];
    const players = new Gauge({ name: 'millrace_stream_players', help: 'Players now.', labelNames, registers });
    const latency = new Gauge({
      name: 'millrace_stream_latency_seconds',
      help: 'From the publisher to this server, by the way in which the publisher tells its clock.',
      labelNames: [...labelNames, 'method'],
      registers,
    });
    const playerLatency = new Gauge({
      name: 'millrace_stream_player_latency_seconds',
      help: 'From the publisher to its players: the mean of those that report it.',
      labelNames,
      registers,
    });
    return [
      ({ streams }) => {
        for (const gauge of [players, latency, playerLatency]) gauge.reset();
        for (const { app, name, ...stream } of streams) {
          players.set({ app, name }, stream.players);
          for (const [method, ms] of stream.latencyMs) latency.set({ app, name, method }, ms / 1000);
          if (stream.playerLatencyMs !== undefined) playerLatency.set({ app, name }, stream.playerLatencyMs / 1000);
        }
      },
    ];
  }

  #gauge(name: string, help: string, of: (figures: ServerFigures) => number): (figures: ServerFigures) => void {
    const gauge = new Gauge({ name, help, registers: [this.#registry] });
    return (figures) => gauge.set(of(figures));
  }

  #counter(name: string, help: string, of: (figures: ServerFigures) => number): (figures: ServerFigures) => void {
    const counter = new Counter({ name, help, registers: [this.#registry] });
    return (figures) => {
      counter.reset();
      counter.inc(of(figures));
    };
  }
}
