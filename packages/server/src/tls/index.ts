export { Certificates } from './certificates.js';
