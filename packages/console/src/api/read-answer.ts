import type {
  RecordingInfo,
  RecordingList,
  ServerInfo,
  SharedObjectContent,
  SharedObjectInfo,
  StreamInfo,
} from 'millrace/api';

// Only the outer shape is checked: it is enough to tell our server from a proxy's error page or another program.

/** The streams of an answer of `GET /api/v1/streams`; `undefined` when it is not such an answer. */
export function readStreams(answer: unknown): readonly StreamInfo[] | undefined {
  if (!isObject(answer) || !Array.isArray(answer.streams)) return undefined;
  return answer.streams as StreamInfo[];
}

/** The objects of an answer of `GET /api/v1/shared-objects`; `undefined` when it is not such an answer. */
export function readSharedObjects(answer: unknown): readonly SharedObjectInfo[] | undefined {
  if (!isObject(answer) || !Array.isArray(answer.sharedObjects)) return undefined;
  return answer.sharedObjects as SharedObjectInfo[];
}

/** The answer of `GET /api/v1/shared-objects/APP/NAME`; `undefined` when it is not such an answer. */
export function readSharedObject(answer: unknown): SharedObjectContent | undefined {
  if (!isObject(answer) || !Array.isArray(answer.values)) return undefined;
  return answer as unknown as SharedObjectContent;
}

/** The answer of `GET /api/v1/recordings`; `undefined` when it is not such an answer. */
export function readRecordings(answer: unknown): RecordingList | undefined {
  if (!isObject(answer) || !Array.isArray(answer.recordings)) return undefined;
  return answer as unknown as RecordingList;
}

/** The answer of `GET /api/v1/recordings/PATH`; `undefined` when it is not such an answer. */
export function readRecording(answer: unknown): RecordingInfo | undefined {
  if (!isObject(answer) || typeof answer.path !== 'string' || !isObject(answer.urls)) return undefined;
  return answer as unknown as RecordingInfo;
}

/** The answer of `GET /api/v1/server`; `undefined` when it is not such an answer. */
export function readServer(answer: unknown): ServerInfo | undefined {
  if (!isObject(answer) || typeof answer.version !== 'string' || typeof answer.rtmpPort !== 'number') {
    return undefined;
  }
  return answer as unknown as ServerInfo;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
