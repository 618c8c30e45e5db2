export interface StreamInfo {
  app: string;
  name: string;
  path: string;
  publishedAt: number;
  uptimeMs: number;
  publisher: { address: string; software: string };
  video: {
    codec: string;
    codecString?: string;
    width?: number;
    height?: number;
    frameRate?: number;
    bitrateKbps: number;
  } | null;
  audio: {
    codec: string;
    codecString?: string;
    sampleRate?: number;
    channels?: number;
    bitrateKbps: number;
  } | null;
  bitrateKbps: number;
  viewers: { total: number; rtmp: number; httpFlv: number; wsFlv: number };
  bytesIn: number;
  bytesOut: number;
  jumps: number;
  warnings: string[];
}

export interface ServerInfo {
  version: string;
  startedAt: number;
  uptimeMs: number;
  rtmpPort: number;
  httpPort: number;
  defaultApp: string;
  connections: number;
  memoryBytes: number;
}
