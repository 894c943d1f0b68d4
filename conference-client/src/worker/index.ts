export { FrameEncryption, type FrameEncryptionOptions } from './frame-encryption.js';
export type { Direction, Traffic } from './control.js';
