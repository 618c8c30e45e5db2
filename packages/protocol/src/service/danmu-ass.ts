/*
 * Danmu as subtitles, Advanced SubStation Alpha (ASS v4.00+), for players such as mpv and VLC and for burning in with ffmpeg.
 * A danmu is one event that moves from the right edge to the left, in a lane of its own height:
 *
 *   Dialogue: 0,0:00:01.50,0:00:09.50,Danmu,,0,0,0,,{\move(1920,0,-162,0)}hello
 */
import { RtmpUsageError } from '../bytes/index.js';
import type { Danmu } from './danmu.js';

export interface AssOptions {
  /** Pixels of the picture that the positions are for; players scale it to theirs. */
  readonly width: number;
  readonly height: number;
  /** Pixels. */
  readonly fontSize: number;
  /** How long a danmu takes to cross the picture. */
  readonly crossingMs: number;
  /** The share of the picture's height, from the top, that has danmu: above 0, up to 1. */
  readonly coveredShare: number;
}

/** As the sites where danmu come from have it: the upper part of the picture, eight seconds to read a line. */
export const defaultAssOptions: AssOptions = {
  width: 1920,
  height: 1080,
  fontSize: 54,
  crossingMs: 8000,
  coveredShare: 0.75,
};

/** A danmu and when it is to appear, ms from the start of the video. */
export interface TimedDanmu {
  readonly mediaTimeMs: number;
  readonly danmu: Danmu;
}

/** What the lane's last danmu leaves to the next. */
interface Lane {
  /** When all of it has come in at the right edge, ms. */
  enteredMs: number;
  /** When all of it has gone out at the left edge, ms. */
  leftMs: number;
}

const lineSpacing = 1.25;
/** Hangul Jamo: from here on most characters are as wide as they are high. */
const firstWideCodePoint = 0x1100;
const narrowWidth = 0.6;

/**
 * A whole subtitle file, lines ended by line feeds. Danmu need not be in order. Those of danmuType 0 are in it; a gift's
 * content is only a number, and what was given each site knows for itself. No text can bring a line or a tag of its own
 * into the file: braces and backslashes become their full-width forms, line ends and control characters spaces. A danmu
 * is put where it runs into none before it, as long as there is such a lane, else where it does least.
 *
 * @throws RtmpUsageError `ERR_SERVICE_ASS` for times that are not finite and options that are no numbers above 0.
 */
export function formatAss(danmus: Iterable<TimedDanmu>, options: Partial<AssOptions> = {}): string {
  const all = { ...defaultAssOptions, ...options };
  const { width, height, fontSize, crossingMs, coveredShare } = all;
  for (const [name, value] of Object.entries(all)) {
    if (!Number.isFinite(value) || value <= 0) fail(`${name} must be a number above 0, not ${value}`);
  }
  const laneHeight = Math.ceil(fontSize * lineSpacing);
  const laneCount = Math.max(1, Math.floor((height * Math.min(1, coveredShare)) / laneHeight));
  const lanes: Lane[] = Array.from({ length: laneCount }, () => ({ enteredMs: -Infinity, leftMs: -Infinity }));
  const lines = header(all);
  for (const { mediaTimeMs, danmu } of inOrder(danmus)) {
    const text = safeText(danmu.content);
    const textWidth = Math.ceil(widthOf(text) * fontSize);
    const pixelsPerMs = (width + textWidth) / crossingMs;
    const index = chooseLane(lanes, mediaTimeMs, width / pixelsPerMs);
    lanes[index] = { enteredMs: mediaTimeMs + textWidth / pixelsPerMs, leftMs: mediaTimeMs + crossingMs };
    const y = index * laneHeight;
    const times = `${clock(mediaTimeMs)},${clock(mediaTimeMs + crossingMs)}`;
    lines.push(`Dialogue: 0,${times},Danmu,,0,0,0,,{\\move(${width},${y},${-textWidth},${y})}${text}`);
  }
  return `${lines.join('\n')}\n`;
}

function header({ width, height, fontSize }: AssOptions): string[] {
  return [
    '[Script Info]',
    'ScriptType: v4.00+',
    `PlayResX: ${width}`,
    `PlayResY: ${height}`,
    // Lines are never broken: they would reach into other lanes.
    'WrapStyle: 2',
    'ScaledBorderAndShadow: yes',
    '',
    '[V4+ Styles]',
    'Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding',
    // White with a black outline; 7 is the upper left corner, which positions are given of.
    `Style: Danmu,sans-serif,${fontSize},&H00FFFFFF,&H00FFFFFF,&H00000000,&H00000000,0,0,0,0,100,100,0,0,1,2,0,7,0,0,0,1`,
    '',
    '[Events]',
    'Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text',
  ];
}

function inOrder(danmus: Iterable<TimedDanmu>): TimedDanmu[] {
  const texts = [...danmus].filter(({ danmu }) => danmu.danmuType === 0);
  for (const { mediaTimeMs } of texts) {
    if (!Number.isFinite(mediaTimeMs)) fail(`a danmu has the media time ${mediaTimeMs}`);
  }
  return texts.sort((a, b) => a.mediaTimeMs - b.mediaTimeMs);
}

/** @param crossMs how long the new danmu's head takes to the left edge: a wide one is faster, and could catch up there. */
function chooseLane(lanes: readonly Lane[], atMs: number, crossMs: number): number {
  let best = 0;
  let bestFreeMs = Infinity;
  for (const [index, { enteredMs, leftMs }] of lanes.entries()) {
    const freeMs = Math.max(enteredMs, leftMs - crossMs);
    if (freeMs <= atMs) return index;
    if (freeMs < bestFreeMs) {
      best = index;
      bestFreeMs = freeMs;
    }
  }
  return best;
}

/** In units of the font's size, about: which font a player takes nobody knows. */
function widthOf(text: string): number {
  let width = 0;
  for (const character of text) width += (character.codePointAt(0) ?? 0) < firstWideCodePoint ? narrowWidth : 1;
  return width;
}

/** Players disagree on how a brace or backslash would be escaped, so that none is left to be escaped. */
function safeText(text: string): string {
  let out = '';
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    if (character === '{') out += '｛';
    else if (character === '}') out += '｝';
    else if (character === '\\') out += '＼';
    else if (code < 0x20 || (code >= 0x7f && code < 0xa0) || code === 0x2028 || code === 0x2029) out += ' ';
    else out += character;
  }
  return out;
}

/** h:mm:ss.cc */
function clock(timeMs: number): string {
  const hundredths = Math.max(0, Math.round(timeMs / 10));
  const two = (value: number) => String(value).padStart(2, '0');
  const seconds = Math.floor(hundredths / 100);
  const minutes = Math.floor(seconds / 60);
  return `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(seconds % 60)}.${two(hundredths % 100)}`;
}

function fail(message: string): never {
  throw new RtmpUsageError('ERR_SERVICE_ASS', message);
}
