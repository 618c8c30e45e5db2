export { Admission, type StreamRequest } from './admission.js';
export { Admissions } from './admissions.js';
