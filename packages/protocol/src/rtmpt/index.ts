export { PollingInterval, pollingDelayMs } from './polling-interval.js';
export { SequenceOrder } from './sequence-order.js';
export {
  formatTunnelTarget,
  parseTunnelTarget,
  type TunnelCommand,
  type TunnelTarget,
  tunnelContentType,
} from './tunnel-target.js';
