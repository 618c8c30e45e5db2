export { Recordings, type TellPublisher } from './recordings.js';
