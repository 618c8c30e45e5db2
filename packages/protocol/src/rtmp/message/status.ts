import { AmfObject, type AmfValue } from '../../amf/index.js';

export type StatusLevel = 'status' | 'warning' | 'error';

/**
 * Every code of a NetConnection's, NetStream's or SharedObject's status with its level, spelled as Adobe's servers send them (ActionScript
 * 3 reference, NetStatusEvent.info, and Flash Media Server's Server-Side ActionScript reference).
 */
export const statusCodes = {
  'NetConnection.Call.BadVersion': 'error',
  'NetConnection.Call.Failed': 'error',
  'NetConnection.Call.Prohibited': 'error',
  'NetConnection.Connect.AppShutdown': 'error',
  'NetConnection.Connect.Closed': 'status',
  'NetConnection.Connect.Failed': 'error',
  'NetConnection.Connect.IdleTimeout': 'status',
  'NetConnection.Connect.InvalidApp': 'error',
  'NetConnection.Connect.NetworkChange': 'status',
  // A server's wish that its client move to another address. [E-RTMP v2, Reconnect Request]
  'NetConnection.Connect.ReconnectRequest': 'status',
  'NetConnection.Connect.Rejected': 'error',
  'NetConnection.Connect.Success': 'status',
  'NetStream.Buffer.Empty': 'status',
  'NetStream.Buffer.Flush': 'status',
  'NetStream.Buffer.Full': 'status',
  'NetStream.Clear.Failed': 'error',
  'NetStream.Clear.Success': 'status',
  'NetStream.Connect.Closed': 'status',
  'NetStream.Connect.Failed': 'error',
  'NetStream.Connect.Rejected': 'error',
  'NetStream.Connect.Success': 'status',
  'NetStream.DRM.UpdateNeeded': 'status',
  'NetStream.Data.Start': 'status',
  'NetStream.Failed': 'error',
  'NetStream.MulticastStream.Reset': 'status',
  'NetStream.Pause.Notify': 'status',
  'NetStream.Play.Complete': 'status',
  'NetStream.Play.Failed': 'error',
  'NetStream.Play.FileStructureInvalid': 'error',
  'NetStream.Play.InsufficientBW': 'warning',
  'NetStream.Play.NoSupportedTrackFound': 'error',
  'NetStream.Play.PublishNotify': 'status',
  'NetStream.Play.Reset': 'status',
  'NetStream.Play.Start': 'status',
  'NetStream.Play.Stop': 'status',
  'NetStream.Play.StreamNotFound': 'error',
  'NetStream.Play.Switch': 'status',
  'NetStream.Play.Transition': 'status',
  'NetStream.Play.TransitionComplete': 'status',
  'NetStream.Play.UnpublishNotify': 'status',
  'NetStream.Publish.BadName': 'error',
  'NetStream.Publish.Denied': 'error',
  'NetStream.Publish.Idle': 'status',
  'NetStream.Publish.Start': 'status',
  'NetStream.Record.AlreadyExists': 'status',
  'NetStream.Record.Failed': 'error',
  'NetStream.Record.NoAccess': 'error',
  'NetStream.Record.Start': 'status',
  'NetStream.Record.Stop': 'status',
  'NetStream.Seek.Failed': 'error',
  'NetStream.Seek.InvalidTime': 'error',
  'NetStream.Seek.Notify': 'status',
  // Of the service stream; `Attache` is its draft's spelling.
  'NetStream.Serve.Attache': 'status',
  'NetStream.Serve.Create': 'status',
  'NetStream.Serve.Error': 'error',
  'NetStream.Step.Notify': 'status',
  'NetStream.Unpause.Notify': 'status',
  'NetStream.Unpublish.Success': 'status',
  'NetStream.Video.DimensionChange': 'status',
  'SharedObject.BadPersistence': 'error',
  'SharedObject.Flush.Failed': 'error',
  'SharedObject.Flush.Success': 'status',
  'SharedObject.NoReadAccess': 'error',
  'SharedObject.NoWriteAccess': 'error',
  'SharedObject.ObjectCreationFailed': 'error',
  'SharedObject.UriMismatch': 'error',
} as const satisfies Readonly<Record<string, StatusLevel>>;

export type StatusCode = keyof typeof statusCodes;

const levels = new Map<string, StatusLevel>(Object.entries(statusCodes));

/** The level of a code; `error` for one that is not in the table, since only refusals are made up by applications. */
export function statusLevel(code: string): StatusLevel {
  return levels.get(code) ?? 'error';
}

/** A status (information) object: `level`, `code`, `description`, then `extra`, which may also replace these. */
export function statusObject(
  code: StatusCode | (string & {}),
  description: string,
  extra: Readonly<Record<string, AmfValue>> = {},
): AmfObject {
  return new AmfObject(Object.entries({ level: statusLevel(code), code, description, ...extra }));
}
