import type { PublishRequest } from '@millrace/protocol';
import { type Publication, type StreamKey, streamPath, trimApp } from '../live/index.js';
import type { Recordings, TellPublisher } from '../recording/index.js';

/** `publication`, recorded as its publisher asks for. What becomes of that is told later than this returns. */
export function recordPublication(
  { publishType }: PublishRequest,
  key: StreamKey,
  publication: Publication,
  recordings: Pick<Recordings, 'record'>,
  tell: TellPublisher,
): Publication {
  const path = streamPath(key);
  if (publishType === 'live' || path === undefined) return publication;
  const recorder = recordings.record({ path, app: trimApp(key.app), name: key.name }, publishType, tell);
  return {
    write(message) {
      publication.write(message);
      recorder.write(message);
    },
    end() {
      publication.end();
      recorder.end();
    },
  };
}
