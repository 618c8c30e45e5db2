export { addressList, isListed } from './address-list.js';
export { AddressRules } from './address-rules.js';
export type { ClientInfo, ClientTransport } from './client-info.js';
export { createGuards } from './create-guards.js';
export { DanmuWebhook } from './danmu-webhook.js';
export { type AccessAction, type Denial, denial, denialCodes } from './denial.js';
export type { DanmuVerdict, Guard, RequestedPublication, RequestedStream, Verdict } from './guard.js';
export { type SignedGrant, urlSignature } from './url-signature.js';
export { hasWebhooks, WebhookGuard, type WebhookGuardOptions } from './webhook-guard.js';
