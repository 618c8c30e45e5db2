import { RtmpRemoteError } from '@millrace/protocol';
import { StartError } from './start-error.js';

/** Runs a command on a file. What goes wrong with it is one line on standard error, and exit code 1. */
export async function runOnFile(file: string, command: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await command();
  } catch (error) {
    const message = explainFileError(file, error);
    if (message === undefined) throw error;
    process.stderr.write(`${message}\n`);
    process.exitCode = 1;
  }
}

/** One line for the person who named the file; `undefined`: it is a bug of ours. */
export function explainFileError(file: string, error: unknown): string | undefined {
  if (error instanceof StartError) return error.message;
  if (error instanceof RtmpRemoteError) return `cannot read ${file}: ${error.message} (offset ${error.offset ?? 0})`;
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  // The file that the system's error names: that which is read, or that which is written.
  const path = 'path' in error && typeof error.path === 'string' ? withoutTemporary(error.path) : file;
  switch (error.code) {
    case 'ENOENT':
      return `${path}: there is no such file or folder`;
    case 'EACCES':
    case 'EPERM':
      return `${path}: permission denied`;
    case 'EISDIR':
      return `${path} is a folder, not a file`;
    case 'EEXIST':
      return `${path} is there already; choose another name, or delete it first`;
    case 'ENOSPC':
      return `${path}: the disk is full`;
    case 'EROFS':
      return `${path}: the file system is read-only`;
    case 'ENOTDIR':
      return `${path}: a file stands where a folder is named`;
    case 'ELOOP':
      return `${path}: its links lead round in a circle`;
    case 'ENXIO':
      return `${path} is a device or a pipe, not a file`;
    case 'ENAMETOOLONG':
      return `${path}: the name is too long`;
    case 'EFBIG':
    case 'EDQUOT':
      return `${path}: the system does not let it grow any more`;
    case 'EIO':
      return `${path}: the disk cannot be read or written there`;
    default:
      // Whatever else the system says is about the file, too.
      return 'syscall' in error ? `${path}: ${String(error.code)}` : undefined;
  }
}

/** Where a file is written until it is complete. It is not there any more when its command has ended. */
export function temporaryOf(target: string): string {
  return `${target}.${process.pid}.tmp`;
}

function withoutTemporary(path: string): string {
  const suffix = temporaryOf('');
  return path.endsWith(suffix) ? path.slice(0, -suffix.length) : path;
}

/** Of an error while `target` was written: the system names no file when the disk is full. */
export function namingTarget(error: unknown, target: string): unknown {
  const isFull = error instanceof Error && 'code' in error && fullCodes.has(String(error.code));
  if (isFull && !('path' in error)) Object.assign(error, { path: target });
  return error;
}

const fullCodes = new Set(['ENOSPC', 'EFBIG', 'EDQUOT']);
