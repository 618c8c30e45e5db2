export type RecordingErrorCode = 'NetStream.Record.NoAccess' | 'NetStream.Record.Failed';

/** A stream cannot be recorded, or no longer. The message is a sentence for the publisher, and names no folder of the server. */
export class RecordingError extends Error {
  override readonly name = 'RecordingError';
  readonly code: RecordingErrorCode;

  constructor(code: RecordingErrorCode, message: string, options: { readonly cause?: unknown } = {}) {
    super(message, options);
    this.code = code;
  }
}

/** What went wrong with a file, as the publisher is told. */
export function toRecordingError(error: unknown): RecordingError {
  if (error instanceof RecordingError) return error;
  return new RecordingError('NetStream.Record.Failed', failureOf(errorCodeOf(error)), { cause: error });
}

export function errorCodeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

function failureOf(code: unknown): string {
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return 'The disk is full.';
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return 'The server may not write there.';
    case 'EEXIST':
      return 'An unfinished recording of that name is in the way.';
    case 'ENOTDIR':
    case 'EISDIR':
      return 'There is a file in the place of a folder, or a folder in that of the file.';
    case 'ENAMETOOLONG':
      return 'The name is too long.';
    default:
      return 'The file cannot be written.';
  }
}
