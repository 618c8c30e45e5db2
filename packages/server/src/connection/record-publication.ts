import type { PublishRequest } from '@millrace/protocol';
import type { AppPublication, AppRecording, AppRecordOptions } from '../app/index.js';
import { type Publication, type StreamKey, streamPath, trimApp } from '../live/index.js';
import type { Recordings, TellPublisher } from '../recording/index.js';
import { SeenHeaders } from './seen-headers.js';

export interface RecordPublicationOptions {
  readonly publishType: PublishRequest['publishType'];
  readonly key: StreamKey;
  readonly publication: Publication;
  readonly recordings: Pick<Recordings, 'record' | 'recordFor'>;
  /** Tells the publisher what becomes of what it has asked for, later than `recordPublication` returns. */
  readonly tell: TellPublisher;
  /** `undefined`: no application has a say. */
  readonly appPublication: AppPublication | undefined;
}

/** `publication`, recorded as its publisher and the application ask for. */
export function recordPublication(options: RecordPublicationOptions): Publication {
  const { publishType, key, publication, recordings, tell, appPublication } = options;
  const path = streamPath(key);
  if (path === undefined || (publishType === 'live' && appPublication === undefined)) return publication;
  const stream = { path, app: trimApp(key.app), name: key.name };
  /** What was begun and not ended. */
  const recorders = new Set<Pick<Publication, 'write' | 'end'>>();
  const headers = appPublication && new SeenHeaders();
  const endAll = (): void => {
    for (const recorder of recorders) recorder.end();
    recorders.clear();
  };
  if (publishType !== 'live') {
    if (appPublication?.refusesRecording === true) {
      queueMicrotask(() => tell('NetStream.Record.NoAccess', 'This stream is not recorded.'));
    } else recorders.add(recordings.record(stream, publishType, tell));
  }
  const record = (wish: AppRecordOptions): Promise<AppRecording> => {
    const { recorder, done } = recordings.recordFor(stream, wish);
    // Its file is to play by itself, although the stream has begun before.
    for (const message of headers?.messages ?? []) recorder.write(message);
    recorders.add(recorder);
    return done;
  };
  appPublication?.begun({ record, stop: endAll });
  return {
    write(message) {
      publication.write(message);
      headers?.take(message);
      for (const recorder of recorders) recorder.write(message);
    },
    end() {
      publication.end();
      endAll();
    },
  };
}
