import type { AppHandlers } from './define-app.js';

export const handlerNames: readonly string[] = [
  'onConnect',
  'onDisconnect',
  'onPublish',
  'onUnpublish',
  'onPlay',
  'onStop',
  'onData',
  'onRecord',
  'onService',
  'onServiceLeft',
  'onDanmu',
  'onServiceMessage',
  'onSharedObject',
  'onSharedObjectChange',
  'onAppStart',
] satisfies (keyof AppHandlers)[];
