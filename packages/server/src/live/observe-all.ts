import type { ObservedStream, PublicationObserver } from './live-streams.js';

type Observe = (stream: ObservedStream) => PublicationObserver | undefined;

/** Several who observe publications, as one for `LiveStreams`. */
export function observeAll(...observes: readonly Observe[]): Observe {
  return (stream) => {
    const observers = observes.flatMap((observe) => observe(stream) ?? []);
    if (observers.length < 2) return observers[0];
    return {
      write(message, next) {
        for (const observer of observers) observer.write(message, next);
      },
      end() {
        for (const observer of observers) observer.end();
      },
    };
  };
}
