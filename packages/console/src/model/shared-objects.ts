import type { SharedObjectContent, SharedObjectInfo, SharedObjectSlot } from '../api/index.js';
import { escapeSegment } from './stream-path.js';

/** Which shared object. An application has one of a name, persistent or not. */
export interface ObjectPath {
  /** With its instance: `chat/room1`. */
  readonly app: string;
  readonly name: string;
}

/** What the page knows of shared objects. */
export interface ObjectsState {
  /** Sorted by application and name. Empty until `loaded`. */
  readonly objects: readonly SharedObjectInfo[];
  readonly loaded: boolean;
  readonly chosen?: ObjectPath;
  /** The chosen object as last seen; stays after it is gone. */
  readonly content?: SharedObjectContent;
  /** Nobody uses the chosen object. */
  readonly isGone: boolean;
}

export type ObjectsAction =
  | { readonly type: 'objects'; readonly objects: readonly SharedObjectInfo[] }
  | { readonly type: 'object'; readonly path: ObjectPath; readonly content: SharedObjectContent | undefined }
  | { readonly type: 'chooseObject'; readonly path: ObjectPath | undefined };

export const initialObjectsState: ObjectsState = { objects: [], loaded: false, isGone: false };

/** The next state. Never changes the old one. */
export function reduceObjects(state: ObjectsState, action: ObjectsAction): ObjectsState {
  switch (action.type) {
    case 'objects': {
      const objects = action.objects.toSorted(
        (a, b) => collator.compare(a.app, b.app) || collator.compare(a.name, b.name),
      );
      const next = { ...state, objects, loaded: true };
      // Nobody chose: the first one is shown, and stays.
      return state.chosen === undefined ? withChoice(next, objects[0]) : next;
    }
    case 'object': {
      // The answer may be to what was chosen before.
      if (state.chosen === undefined || objectKey(state.chosen) !== objectKey(action.path)) return state;
      if (action.content === undefined) return { ...state, isGone: true };
      return { ...state, content: action.content, isGone: false };
    }
    case 'chooseObject':
      return withChoice(state, action.path ?? state.chosen ?? state.objects[0]);
    default:
      return action satisfies never;
  }
}

/** The same text for the same object, to compare and to look up. */
export function objectKey({ app, name }: ObjectPath): string {
  return JSON.stringify([app, name]);
}

/** The objects of each application, in the order of the list. */
export function groupByApp(
  objects: readonly SharedObjectInfo[],
): readonly { readonly app: string; readonly objects: readonly SharedObjectInfo[] }[] {
  const groups = new Map<string, SharedObjectInfo[]>();
  for (const object of objects) {
    const group = groups.get(object.app) ?? [];
    groups.set(object.app, group);
    group.push(object);
  }
  return [...groups].map(([app, members]) => ({ app, objects: members }));
}

/** The slots sorted by name, `stroke2` before `stroke10`. */
export function sortSlots(slots: readonly SharedObjectSlot[]): readonly SharedObjectSlot[] {
  return slots.toSorted((a, b) => collator.compare(a.name, b.name));
}

/** Rows for a person to read. */
export const maxShownSlots = 200;
export const maxListedObjects = 200;
const maxShownLength = 160;
const maxTitleLength = 3000;

/** A slot's value for a cell, as JSON; `title` is more of it, where that was cut. */
export function formatSlotValue({ value, omitted }: SharedObjectSlot): { text: string; title: string | undefined } {
  if (omitted === true) return { text: 'too long to show', title: undefined };
  const text = jsonOf(value);
  if (text.length <= maxShownLength) return { text, title: undefined };
  return { text: cut(text, maxShownLength), title: cut(text, maxTitleLength) };
}

/** The address fragment of the tab, and of an object in it: `#objects/chat%2Froom1/board`. */
export function formatObjectsHash(path?: ObjectPath): string {
  return path === undefined ? '#objects' : `#objects/${escapeSegment(path.app)}/${escapeSegment(path.name)}`;
}

/** `undefined`: the fragment is not one of this tab. No object: it names none, or is badly escaped. */
export function parseObjectsHash(hash: string): { readonly path?: ObjectPath } | undefined {
  const match = /^#?objects(?:\/([^/]+)\/(.+))?$/.exec(hash);
  if (match === null) return undefined;
  if (match[1] === undefined || match[2] === undefined) return {};
  try {
    return { path: { app: decodeURIComponent(match[1]), name: decodeURIComponent(match[2]) } };
  } catch {
    return {};
  }
}

function withChoice(state: ObjectsState, path: ObjectPath | undefined): ObjectsState {
  if (path === undefined) return state;
  if (state.chosen !== undefined && objectKey(state.chosen) === objectKey(path)) return state;
  const { content: _, ...rest } = state;
  return { ...rest, chosen: { app: path.app, name: path.name }, isGone: false };
}

function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value, null, 1)?.replace(/\n\s*/g, ' ') ?? 'undefined';
  } catch {
    // Nested too deeply for this browser.
    return 'nested too deeply to show';
  }
}

function cut(text: string, length: number): string {
  // Not between the halves of a character.
  return text.length <= length ? text : `${text.slice(0, length).replace(/[\uD800-\uDBFF]$/, '')}…`;
}

const collator = new Intl.Collator('en', { numeric: true });
