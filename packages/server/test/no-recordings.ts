import type { RecordingSource } from '../src/http/index.js';

/** For tests of what else HTTP does: there are no recordings. */
export const noRecordings: RecordingSource = {
  list: async () => ({ recordings: [], total: 0, next: null, incomplete: false }),
  describe: async () => undefined,
  remove: async () => 'absent',
  streamOf: () => undefined,
  openFile: async () => undefined,
  mayHave: () => false,
  openFlv: async () => undefined,
  openDanmu: async () => undefined,
};
