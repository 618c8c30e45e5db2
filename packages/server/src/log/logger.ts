/**
 * What the server tells its operator. Nothing is logged per message or per player write: only what happens to
 * connections and streams. `fields` go beside the message; an error goes under the name `err`.
 */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  /** A logger that adds `fields` to every message. */
  child(fields: object): Logger;
}

function ignore(): void {}

/** Says nothing. */
export const silentLogger: Logger = {
  debug: ignore,
  info: ignore,
  warn: ignore,
  error: ignore,
  child: () => silentLogger,
};
