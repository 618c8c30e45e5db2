import { sep } from 'node:path';

/** Whether something is in a folder. Both are real paths: links in them are not followed. */
export function isInside(folder: string, path: string): boolean {
  return path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}
