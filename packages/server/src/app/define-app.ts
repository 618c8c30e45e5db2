import type { AmfInput, AmfValue, Danmu } from '@millrace/protocol';
import type {
  AppClient,
  AppDanmu,
  AppData,
  AppService,
  AppServiceMessage,
  AppStream,
  PublishedAppStream,
} from './app-client.js';
import { AppError } from './app-error.js';
import type { AppObjectChange, AppObjectName } from './app-object-access.js';
import type { AppRecording } from './app-recording.js';
import type { AppServer } from './app-server.js';
import { handlerNames } from './handler-names.js';
import { isProhibitedCall } from './prohibited-call.js';

type Done = void | Promise<void>;
// biome-ignore lint/suspicious/noConfusingVoidType: what a function returns that returns nothing.
type Changed<Value> = Value | void | Promise<Value | void>;

/**
 * Server-side code that clients call by its name. What it returns, or resolves to, is the answer; `throw reject(…)`
 * refuses. The arguments are whatever the client sent: look at them before you use them.
 */
export type Procedure = (
  client: AppClient,
  ...args: AmfValue[]
  // biome-ignore lint/suspicious/noConfusingVoidType: as above.
) => AmfInput | void | Promise<AmfInput | void>;

/**
 * What an application decides and is told. Returning accepts, `throw reject(…)` refuses; a handler that is left out
 * accepts. For every `onConnect`, `onPublish`, `onPlay` and `onService` that accepted, `onDisconnect`, `onUnpublish`,
 * `onStop` and `onServiceLeft` are called once, later: also where the client went in the meantime, or the name was in use.
 */
export interface AppHandlers {
  /** The server starts, and listens once this has returned or resolved. What it throws stops the start. */
  readonly onAppStart?: (server: AppServer) => Done;
  readonly onConnect?: (client: AppClient) => Done;
  readonly onDisconnect?: (client: AppClient) => Done;
  readonly onPublish?: (client: AppClient, stream: PublishedAppStream) => Done;
  readonly onUnpublish?: (client: AppClient, stream: PublishedAppStream) => Done;
  readonly onPlay?: (client: AppClient, stream: AppStream) => Done;
  readonly onStop?: (client: AppClient, stream: AppStream) => Done;
  /** Called for every data message: keep it short. The message goes on to the players whatever it does. */
  readonly onData?: (client: AppClient, stream: PublishedAppStream, data: AppData) => Done;
  /** A recording of a stream is complete: by whose wish ever it was made. */
  readonly onRecord?: (recording: AppRecording) => Done;
  /** The client wants to be attached to a service. */
  readonly onService?: (client: AppClient, service: AppService) => Done;
  readonly onServiceLeft?: (client: AppClient, service: AppService) => Done;
  /**
   * The client sends a danmu to the members of a service: return another text, or other members of the danmu, to change it,
   * and `throw reject(…)` for it not to be sent. The client's next message waits until it is decided.
   */
  readonly onDanmu?: (client: AppClient, service: AppService, danmu: AppDanmu) => Changed<string | Partial<Danmu>>;
  /** As `onDanmu`, for messages of all other types: return another content to change it. */
  readonly onServiceMessage?: (client: AppClient, service: AppService, message: AppServiceMessage) => Changed<AmfValue>;
  /** The client wants to use a shared object. */
  readonly onSharedObject?: (client: AppClient, object: AppObjectName) => Done;
  /**
   * The client wants to change a shared object, or to send a message to all who use it: what stands in one message is
   * granted or refused together. What the client says of the object next waits until it is decided.
   */
  readonly onSharedObjectChange?: (
    client: AppClient,
    object: AppObjectName,
    changes: readonly AppObjectChange[],
  ) => Done;
  /** By name; names with dots (`poll.vote`) are names like any other. */
  readonly procedures?: Readonly<Record<string, Procedure>>;
}

export interface AppDefinition extends AppHandlers {
  /** Clients that connect to this name, or to instances of it (`name/…`). Absent: all clients. */
  readonly name?: string;
}

/** Several applications, each under the name that clients connect to. */
export interface AppsDefinition {
  readonly apps: Readonly<Record<string, AppHandlers>>;
}

/** What `defineApp` makes, and an application's file exports as its default. */
export interface App {
  readonly kind: 'millrace-app';
  readonly byName: ReadonlyMap<string, AppHandlers>;
  /** For names that `byName` does not have. */
  readonly anyName: AppHandlers | undefined;
}

/**
 * Makes an application of its handlers: `export default defineApp({ … })`.
 *
 * @throws AppError for a member that is unknown or of the wrong kind, and for a name that no client could reach.
 */
export function defineApp(definition: AppDefinition | AppsDefinition): App {
  if (!isObject(definition)) throw new AppError('an application is an object with handlers');
  if ('apps' in definition) return defineApps(definition);
  const { name, ...handlers } = definition;
  checkHandlers(handlers);
  if (name === undefined) return { kind: 'millrace-app', byName: new Map(), anyName: definition };
  checkName(name);
  return { kind: 'millrace-app', byName: new Map([[name, definition]]), anyName: undefined };
}

function defineApps(definition: AppsDefinition): App {
  const { apps, ...rest } = definition;
  const [stray] = Object.keys(rest);
  if (stray !== undefined) throw new AppError(`beside "apps" there can be no "${stray}": it belongs into one of them`);
  if (!isObject(apps)) throw new AppError('"apps" is an object: handlers by the name of their application');
  for (const [name, handlers] of Object.entries(apps)) {
    checkName(name);
    if (!isObject(handlers)) throw new AppError(`the application "${name}" is no object with handlers`);
    checkHandlers(handlers);
  }
  return { kind: 'millrace-app', byName: new Map(Object.entries(apps)), anyName: undefined };
}

/** An application, or what `defineApp` would take. @throws AppError as `defineApp`. */
export function toApp(value: unknown): App {
  return isApp(value) ? value : defineApp(value as AppDefinition);
}

/**
 * The handlers for what a client connects to. The first part of the path decides alone: clients cut a URL into
 * application and stream where they like, and none of the ways may lead around the handlers.
 */
export function findHandlers(app: App, appPath: string): AppHandlers | undefined {
  const [name = ''] = appPath.split('/', 1);
  return app.byName.get(name) ?? app.anyName;
}

function checkName(name: unknown): void {
  if (typeof name === 'string' && name !== '' && !/[/?]/.test(name)) return;
  throw new AppError(`the name of an application is text without "/" and "?", not ${JSON.stringify(name)}`);
}

function checkHandlers(handlers: object): void {
  for (const [name, value] of Object.entries(handlers)) {
    if (name === 'procedures') checkProcedures(value);
    else if (!handlerNames.includes(name)) {
      throw new AppError(`there is no handler "${name}"; there are: ${handlerNames.join(', ')}, procedures`);
    } else if (value !== undefined && typeof value !== 'function') throw new AppError(`${name} is no function`);
  }
}

function checkProcedures(procedures: unknown): void {
  if (procedures === undefined) return;
  if (!isObject(procedures)) throw new AppError('"procedures" is an object: functions by their name');
  for (const [name, value] of Object.entries(procedures)) {
    if (typeof value !== 'function') throw new AppError(`the procedure "${name}" is no function`);
    if (isProhibitedCall(name)) {
      throw new AppError(`no client could call the procedure "${name}": handlers and what begins with "_" are private`);
    }
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** By its shape: an application may have found another copy of this package. */
function isApp(value: unknown): value is App {
  return isObject(value) && 'kind' in value && value.kind === 'millrace-app';
}
