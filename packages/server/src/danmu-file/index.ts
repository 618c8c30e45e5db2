export { type DanmuSpan, danmuLines } from './danmu-lines.js';
export {
  danmuFileOf,
  danmuPartOf,
  danmuPartSuffix,
  deleteDanmu,
  dropDanmuPart,
  recordingOfDanmuPart,
  settleDanmu,
} from './danmu-place.js';
export { DanmuReader, type StoredLine } from './danmu-reader.js';
export { DanmuWriter } from './danmu-writer.js';
