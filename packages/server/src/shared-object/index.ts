export { type AppSharedObject, type SharedObjectChange, SharedObjectError } from './server-object.js';
export type { AccessVerdict, SharedObjectAccess, SharedObjectWish } from './shared-object-access.js';
export { SharedObjectClient } from './shared-object-client.js';
export type { ObjectName } from './shared-object-encoding.js';
export { type SharedObjectFacts, SharedObjects } from './shared-objects.js';
export { StateError } from './state-error.js';
