/**
 * Types of the HTTP API, version 1. `GET /api/v1/streams` answers `StreamList`, `GET /api/v1/streams/APP/NAME/players`
 * `PlayerList`, `GET /api/v1/services` `ServiceList`, `GET /api/v1/shared-objects` `SharedObjectList`,
 * `GET /api/v1/shared-objects/APP/NAME` `SharedObjectContent`, `GET /api/v1/recordings` `RecordingList`,
 * `GET /api/v1/recordings/PATH` `RecordingDetail`, `GET /api/v1/server` `ServerInfo`.
 */

/** The streams that are published now, oldest first. */
export interface StreamList {
  streams: StreamInfo[];
}

export interface StreamInfo {
  app: string;
  name: string;
  /** `/live/test`; what URLs of the stream are made from. Not percent-encoded. */
  path: string;
  /** Unix ms. */
  publishedAt: number;
  uptimeMs: number;
  /** `software` is what the publisher calls itself; empty when it says nothing. */
  publisher: { address: string; software: string };
  /** `null`: the stream has none, or none has come yet. */
  video: VideoInfo | null;
  /** `null`: the stream has none, or none has come yet. */
  audio: AudioInfo | null;
  /** Everything that the publisher sends, over the last seconds. */
  bitrateKbps: number;
  viewers: ViewerCounts;
  /** Payload bytes from the publisher. */
  bytesIn: number;
  /** Bytes given to all viewers since the publication began. */
  bytesOut: number;
  /** How often a viewer that was too slow was moved ahead to a key frame. */
  jumps: number;
  /** From the publisher to this server. `null`: the publisher does not tell its clock. */
  latency: LatencyInfo | null;
  /** The file that the stream is being recorded into, within `media.dir`: `live/test.flv`. `null`: it is not recorded. */
  recording: string | null;
  /** What of it can be sought in. `null`: nothing. */
  dvr: DvrInfo | null;
  /** Sentences for the operator about what is unusual in this stream. */
  warnings: string[];
}

/** Times of the stream, ms: they are those of its frames, and go on where these begin again at 0. */
export interface DvrInfo {
  fromMs: number;
  toMs: number;
  /** On disk. */
  bytes: number;
}

/**
 * ms, by each way in which a publisher tells its clock; of the last seconds. Absent: it does not tell it so. Below 0 where
 * its clock is ahead of the server's.
 */
export interface LatencyInfo {
  /** By the base time in the metadata. */
  baseTimeMs?: number;
  /** By `currentTime` messages. */
  currentTimeMs?: number;
  /** By SEI in H.264. */
  seiMs?: number;
}

export interface VideoInfo {
  /** `H.264`. */
  codec: string;
  /** As in a MIME type: `avc1.42c01e`. Absent: not known. */
  codecString?: string;
  width?: number;
  height?: number;
  frameRate?: number;
  bitrateKbps: number;
}

export interface AudioInfo {
  /** `AAC`. */
  codec: string;
  /** As in a MIME type: `mp4a.40.2`. Absent: not known. */
  codecString?: string;
  /** Hz. */
  sampleRate?: number;
  channels?: number;
  bitrateKbps: number;
}

export interface ViewerCounts {
  total: number;
  rtmp: number;
  httpFlv: number;
  wsFlv: number;
}

/** Who is sent a stream. */
export interface PlayerList {
  /** How many there are; `players` may hold fewer of them. */
  total: number;
  /** Those who have been there longest first. */
  players: PlayerInfo[];
}

export interface PlayerInfo {
  transport: 'rtmp' | 'httpFlv' | 'wsFlv';
  /** Empty: not known. */
  address: string;
  /** When it began to play or to wait for the stream, Unix ms. */
  since: number;
  paused: boolean;
  /** Bytes sent to it; of these, those that wait for its connection. */
  bytesOut: number;
  pendingBytes: number;
  /** How old what it is to be sent next is: 0 when it keeps up. */
  lagMs: number;
  /** From the publisher to the player, as the player says. `null`: it does not. */
  latencyMs: number | null;
}

/** The services that there are now, in the order in which they were created. */
export interface ServiceList {
  services: ServiceInfo[];
}

export interface ServiceInfo {
  app: string;
  name: string;
  /** `/live/test`; that of the stream whose name the service has, if there is one. */
  path: string;
  /** Attached now. */
  members: number;
  /** Members for whom messages wait, as they do not keep up. */
  laggingMembers: number;
  /** Broadcasts since the service was created. */
  messages: number;
  /** Messages that one of the members was not sent, as they may be dropped and there was no room. */
  dropped: number;
  /** Messages that came a second time. */
  duplicates: number;
  /** Messages that were malformed, too many, or refused by the application. */
  refused: number;
}

/** The shared objects that somebody uses now: clients, or the application. */
export interface SharedObjectList {
  sharedObjects: SharedObjectInfo[];
}

export interface SharedObjectInfo {
  /** With its instance: `chat/room1`. */
  app: string;
  name: string;
  /** Whether it outlives the server. */
  persistent: boolean;
  /** Grows with every change. */
  version: number;
  /** How many slots it has. */
  slots: number;
  /** Of all slots' names and values, as AMF. */
  bytes: number;
  /** Clients that use it. */
  members: number;
}

/** A shared object and what is in it. */
export interface SharedObjectContent extends SharedObjectInfo {
  /** The slots that were made first; `slots` says how many there are. */
  values: SharedObjectSlot[];
}

export interface SharedObjectSlot {
  name: string;
  /** Of the object, when the slot was written. */
  version: number;
  /**
   * Dates are their ISO 8601 text, bytes their base64, dictionaries arrays of `[key, value]`; what JSON cannot say is
   * `null`, as is an object inside itself.
   */
  value: unknown;
  /** There is a value, and it is not given: the answer would be too long. Absent: it is given. */
  omitted?: true;
}

/** Recordings in `media.dir`, as many as were asked for. */
export interface RecordingList {
  recordings: RecordingInfo[];
  /** How many there are that fit what was asked for, on all pages. */
  total: number;
  /** What to ask for as `cursor` to get those that follow. `null`: there are none. */
  next: string | null;
  /** There are more files in `media.dir` than are looked at: some are missing here. */
  incomplete: boolean;
  /** Who asks may delete recordings. */
  deletable: boolean;
}

export interface RecordingInfo {
  /** Within `media.dir`: `live/show.flv`. */
  path: string;
  /** What players connect to, and what they play there: `live` and `show`, or `mp4:show.mp4`. */
  app: string;
  name: string;
  format: 'flv' | 'mp4' | 'f4v';
  bytes: number;
  /** Unix ms. */
  modifiedAt: number;
  /** It is being recorded, or completed. */
  recording: boolean;
  /** `null`: not known. */
  durationMs: number | null;
  /** `null`: there is none, or it is not known. */
  video: RecordedVideoInfo | null;
  audio: RecordedAudioInfo | null;
  /** Places are found by what the file says itself; without, the server finds them, by reading it. */
  seekable: boolean;
  /** How many key frames the file's index tells. `null`: it has none, or is not FLV. */
  keyFrames: number | null;
  /** A sentence about what is wrong with the file, as far as was looked. */
  damage: string | null;
  /** Paths on this server, percent-encoded. */
  urls: {
    /** The file, with byte ranges. */
    file: string;
    /** As FLV, whatever its format is, from any place with `?start=SECONDS`. While a stream of that name is live, that. */
    flv: string;
  };
}

export type RecordedVideoInfo = Omit<VideoInfo, 'bitrateKbps'>;
export type RecordedAudioInfo = Omit<AudioInfo, 'bitrateKbps'>;

/** A recording, and what is not in the list. */
export interface RecordingDetail extends RecordingInfo {
  /** Over the whole file. `null`: not known. */
  bitrateKbps: number | null;
  /** Of the file's index, ms; 4096 at most. */
  keyFrameTimesMs: number[];
  /** What the file's metadata say: texts, numbers and truth values. */
  metadata: Record<string, string | number | boolean>;
}

export interface ServerInfo {
  version: string;
  /** Unix ms. */
  startedAt: number;
  uptimeMs: number;
  rtmpPort: number;
  httpPort: number;
  /** The application to publish to when nothing else is wanted: `live`. */
  defaultApp: string;
  /** RTMP connections open now. */
  connections: number;
  recordingViewers: RecordingViewers;
  /** Resident memory of the server's process. */
  memoryBytes: number;
}

/** Who is sent recordings now, by transport. */
export interface RecordingViewers {
  rtmp: number;
  httpFlv: number;
  download: number;
}

/** The body of every answer that is an error. */
export interface ApiError {
  /** Stable, for programs: `not-published`, `not-found`, `bad-request`, `method-not-allowed`, `internal`. */
  error: string;
  /** For people. */
  message: string;
}
