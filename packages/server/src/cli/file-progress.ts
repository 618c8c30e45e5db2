/** Smaller files are read before anybody looks at the screen. */
const minBytes = 64 * 1024 * 1024;
const barLength = 30;

/** Shows how far a long task has come, on a terminal only; `clear` takes the line away. `output`: standard error. */
export function fileProgress(
  verb: string,
  bytes: number,
  output: Pick<NodeJS.WriteStream, 'isTTY' | 'write'>,
): { readonly update: (share: number) => void; readonly clear: () => void } {
  if (!output.isTTY || bytes < minBytes) return { update: () => undefined, clear: () => undefined };
  let shown = -1;
  return {
    update(share) {
      const percent = Math.floor(100 * Math.min(1, share));
      if (percent === shown) return;
      shown = percent;
      const filled = Math.round((barLength * percent) / 100);
      output.write(`\r${verb} [${'#'.repeat(filled)}${' '.repeat(barLength - filled)}] ${percent}%`);
    },
    clear: () => void (shown >= 0 && output.write('\r\x1b[K')),
  };
}
