export {
  danmuFileOf,
  danmuPartSuffix,
  deleteDanmu,
  dropDanmuPart,
  recordingOfDanmuPart,
  settleDanmu,
} from './danmu-place.js';
export { DanmuReader, type StoredLine } from './danmu-reader.js';
export { DanmuWriter } from './danmu-writer.js';
