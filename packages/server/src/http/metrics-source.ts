/** What the HTTP server needs of the metrics. */
export interface MetricsSource {
  /** Of `text`. */
  readonly contentType: string;
  /** All figures as they are now, in the text format of Prometheus. */
  text(): Promise<string>;
}
