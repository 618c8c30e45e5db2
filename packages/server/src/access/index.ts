export type { ClientInfo, ClientTransport } from './client-info.js';
export { type AccessAction, type Denial, denial, denialCodes } from './denial.js';
export type { Guard, RequestedPublication, RequestedStream, Verdict } from './guard.js';
