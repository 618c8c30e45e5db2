/**
 * The command name that marks a service message. The draft calls it provisional, so whoever sends or looks for it takes
 * the name from configuration, with this one as the default.
 */
export const serviceMessageName = 'cdnunion20170314';

/** The only version of the service message header that there is. */
export const serviceProtocolVersion = 0;

/** The service types with a meaning. Any other is passed on unread. */
export const serviceTypes = { danmu: 0, capability: 1 } as const;

/** Who is to get a message, by its number on the wire. */
export const transimitTypes = { broadcast: 0, edge: 1, origin: 2, response: 10 } as const;

export type TransimitType = keyof typeof transimitTypes;
