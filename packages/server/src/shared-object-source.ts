import type { SharedObjectInfo, SharedObjectSource } from './http/index.js';
import type { SharedObjectFacts, SharedObjects } from './shared-object/index.js';

/** The shared objects as HTTP needs them. */
export function sharedObjectSource(objects: Pick<SharedObjects, 'snapshot' | 'read'>): SharedObjectSource {
  return {
    snapshot: () => objects.snapshot().map(infoOf),
    read(app, name) {
      const found = objects.read(app, name);
      return found && { info: infoOf(found.facts), slots: found.slots };
    },
  };
}

function infoOf({ app, name, persistent, version, slots, bytes, members }: SharedObjectFacts): SharedObjectInfo {
  return { app, name, persistent, version, slots, bytes, members };
}
