export { defaultAppName } from './default-app.js';
export { RemotingGateway, type RemotingGatewayOptions } from './remoting-gateway.js';
