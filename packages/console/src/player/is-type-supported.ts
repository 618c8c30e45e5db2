/** Whether the browser plays this type of media from a media source. */
export function isTypeSupported(mimeType: string): boolean {
  // Safari on iPhone has only the managed kind.
  const managed = 'ManagedMediaSource' in window ? window.ManagedMediaSource : undefined;
  if (typeof MediaSource !== 'undefined') return MediaSource.isTypeSupported(mimeType);
  if (typeof managed === 'function' && 'isTypeSupported' in managed && typeof managed.isTypeSupported === 'function') {
    return managed.isTypeSupported(mimeType) === true;
  }
  return false;
}
