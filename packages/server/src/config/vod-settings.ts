import { flag, type Setting } from './setting-kinds.js';

/** How recordings are played. */
export const vodSettings = {
  accurateSeek: flag(
    false,
    'Players that seek in a recording begin at that very place and not at the key frame before it: the frames between are sent with the time of the place, and marked as not to be shown. For Flash Player and what knows these marks; ffmpeg finds the place by itself, and would show every one of these frames.',
  ),
} as const satisfies Record<string, Setting<unknown>>;
