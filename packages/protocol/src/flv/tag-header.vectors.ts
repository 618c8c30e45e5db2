import type { AudioTagHeader } from './audio-tag-header.js';
import type { VideoTagHeader } from './video-tag-header.js';

export interface TagHeaderVector<Header> {
  readonly name: string;
  /** The clause (bytes worked out by hand from it), or the software and version whose bytes these are. */
  readonly source: string;
  readonly hex: string;
  readonly header: Partial<Omit<Header, 'tracks'>>;
  /** Track id, FourCC, codec, offset, length, composition time of each track. */
  readonly tracks: readonly (readonly [number, string | undefined, string, number, number, number])[];
  readonly cacheKeys: readonly string[];
}

export const videoVectors: readonly TagHeaderVector<VideoTagHeader>[] = [
  {
    name: 'AVC sequence header',
    source: 'FFmpeg 5.1 flvenc',
    hex: '17 00 000000 0164001f',
    header: {
      enhanced: false,
      frameType: 1,
      codec: 'h264',
      codecId: 7,
      packetType: 'sequenceStart',
      isKeyFrame: false,
      isSequenceStart: true,
      headerBytes: 5,
    },
    tracks: [[0, undefined, 'h264', 5, 4, 0]],
    cacheKeys: ['video:0:sequence'],
  },
  {
    name: 'AVC key frame, composition time 80 ms',
    source: 'FLV E.4.3.1',
    hex: '17 01 000050 aabb',
    header: { packetType: 'codedFrames', isKeyFrame: true, isSequenceStart: false, compositionTimeMs: 80 },
    tracks: [[0, undefined, 'h264', 5, 2, 80]],
    cacheKeys: [],
  },
  {
    name: 'AVC inter frame, negative composition time',
    source: 'FLV E.4.3.1',
    hex: '27 01 ffffd8 aa',
    header: { frameType: 2, isKeyFrame: false, compositionTimeMs: -40 },
    tracks: [[0, undefined, 'h264', 5, 1, -40]],
    cacheKeys: [],
  },
  {
    name: 'AVC end of sequence',
    source: 'FFmpeg 5.1 flvenc',
    hex: '17 02 000000',
    header: { packetType: 'sequenceEnd', isKeyFrame: false },
    tracks: [[0, undefined, 'h264', 5, 0, 0]],
    cacheKeys: [],
  },
  {
    name: 'AVC end of sequence without its composition time',
    source: 'FLV E.4.3.1, cut short',
    hex: '17 02',
    header: { packetType: 'sequenceEnd', headerBytes: 2 },
    tracks: [[0, undefined, 'h264', 2, 0, 0]],
    cacheKeys: [],
  },
  {
    name: 'HEVC under codec id 12',
    source: 'the union of CDNs, H.265 before Enhanced RTMP',
    hex: '1c 00 000000 01',
    header: { codec: 'hevc', codecId: 12, packetType: 'sequenceStart', isSequenceStart: true },
    tracks: [[0, undefined, 'hevc', 5, 1, 0]],
    cacheKeys: ['video:0:sequence'],
  },
  {
    name: 'Sorenson H.263 key frame',
    source: 'FLV E.4.3.1',
    hex: '12 0000',
    header: { codec: 'h263', packetType: 'codedFrames', isKeyFrame: true, headerBytes: 1 },
    tracks: [[0, undefined, 'h263', 1, 2, 0]],
    cacheKeys: [],
  },
  {
    name: 'screen video, generated key frame',
    source: 'FLV E.4.3.1',
    hex: '43 00',
    header: { codec: 'screen', frameType: 4, isKeyFrame: true },
    tracks: [[0, undefined, 'screen', 1, 1, 0]],
    cacheKeys: [],
  },
  {
    name: 'disposable VP6 frame',
    source: 'FLV E.4.3.1',
    hex: '34 00',
    header: { codec: 'vp6', frameType: 3, isKeyFrame: false },
    tracks: [[0, undefined, 'vp6', 1, 1, 0]],
    cacheKeys: [],
  },
  {
    name: 'a codec id of no table keeps its frame type',
    source: 'FLV E.4.3.1',
    hex: '1e 00',
    header: { codec: 'unknown', codecId: 14, packetType: 'codedFrames', isKeyFrame: true },
    tracks: [[0, undefined, 'unknown', 1, 1, 0]],
    cacheKeys: [],
  },
  {
    name: 'legacy command frame',
    source: 'E-RTMP v2, VideoTagHeader',
    hex: '52 01',
    header: { packetType: 'command', frameType: 5, command: 1, isKeyFrame: false },
    tracks: [],
    cacheKeys: [],
  },
  {
    name: 'legacy command frame of AVC, behind the composition time',
    source: 'FLV E.4.3.1',
    hex: '57 00 000000 01',
    header: { packetType: 'command', command: 1, headerBytes: 5 },
    tracks: [],
    cacheKeys: [],
  },
  {
    name: 'Enhanced HEVC sequence start',
    source: 'E-RTMP v1, ExVideoTagHeader',
    hex: '90 68766331 0101',
    header: {
      enhanced: true,
      codec: 'hevc',
      fourCc: 'hvc1',
      packetType: 'sequenceStart',
      isSequenceStart: true,
      isKeyFrame: false,
      headerBytes: 5,
    },
    tracks: [[0, 'hvc1', 'hevc', 5, 2, 0]],
    cacheKeys: ['video:0:sequence'],
  },
  {
    name: 'Enhanced HEVC coded frames',
    source: 'E-RTMP v1, ExVideoTagBody',
    hex: '91 68766331 000028 aabb',
    header: { packetType: 'codedFrames', isKeyFrame: true, compositionTimeMs: 40, headerBytes: 8 },
    tracks: [[0, 'hvc1', 'hevc', 8, 2, 40]],
    cacheKeys: [],
  },
  {
    name: 'Enhanced HEVC coded frames without a composition time',
    source: 'E-RTMP v1, CodedFramesX',
    hex: 'a3 68766331 aabb',
    header: { packetType: 'codedFrames', isKeyFrame: false, compositionTimeMs: 0, headerBytes: 5 },
    tracks: [[0, 'hvc1', 'hevc', 5, 2, 0]],
    cacheKeys: [],
  },
  {
    name: 'Enhanced AV1 coded frames have no composition time',
    source: 'E-RTMP v1, ExVideoTagBody',
    hex: '91 61763031 12000a',
    header: { codec: 'av1', isKeyFrame: true, headerBytes: 5 },
    tracks: [[0, 'av01', 'av1', 5, 3, 0]],
    cacheKeys: [],
  },
  {
    name: 'Enhanced AVC, VVC and VP8 of v2',
    source: 'E-RTMP v2, VideoFourCc',
    hex: '91 76766331 fffffe aa',
    header: { codec: 'vvc', compositionTimeMs: -2, headerBytes: 8 },
    tracks: [[0, 'vvc1', 'vvc', 8, 1, -2]],
    cacheKeys: [],
  },
  {
    name: 'metadata frame, frame type of a command',
    source: 'E-RTMP v2, VideoPacketType.Metadata: the frame type is to be ignored',
    hex: 'd4 68766331 0200',
    header: { packetType: 'metadata', isKeyFrame: false, codec: 'hevc', headerBytes: 5 },
    tracks: [[0, 'hvc1', 'hevc', 5, 2, 0]],
    cacheKeys: ['video:0:metadata'],
  },
  {
    name: 'AV1 MPEG-2 TS sequence start',
    source: 'E-RTMP v1, MPEG2TSSequenceStart',
    hex: '95 61763031 8004 81000c00',
    header: { packetType: 'mpeg2TsSequenceStart', isSequenceStart: true },
    tracks: [[0, 'av01', 'av1', 5, 6, 0]],
    cacheKeys: ['video:0:sequence'],
  },
  {
    name: 'Enhanced command frame',
    source: 'E-RTMP v2, ExVideoTagHeader',
    hex: 'd1 00',
    header: { enhanced: true, packetType: 'command', command: 0, headerBytes: 1 },
    tracks: [],
    cacheKeys: [],
  },
  {
    name: 'ModEx with a nanosecond offset',
    source: 'E-RTMP v2, VideoPacketType.ModEx',
    hex: '97 02 07a120 01 61763031 aa',
    header: { packetType: 'codedFrames', isKeyFrame: true, timestampOffsetNanos: 500_000, headerBytes: 10 },
    tracks: [[0, 'av01', 'av1', 10, 1, 0]],
    cacheKeys: [],
  },
  {
    name: 'ModEx twice: one of a reserved type, one with a 16-bit size',
    source: 'E-RTMP v2, VideoPacketType.ModEx',
    hex: '97 00 ee 17 ff 0003 000001ff 03 61763031',
    header: { packetType: 'codedFrames', timestampOffsetNanos: 1, headerBytes: 16 },
    tracks: [[0, 'av01', 'av1', 16, 0, 0]],
    cacheKeys: [],
  },
  {
    name: 'a nanosecond offset of a millisecond or more is no offset',
    source: 'E-RTMP v2, TimestampOffsetNano',
    hex: '97 02 0f4240 01 61763031',
    header: { timestampOffsetNanos: 0, packetType: 'codedFrames' },
    tracks: [[0, 'av01', 'av1', 10, 0, 0]],
    cacheKeys: [],
  },
  {
    name: 'one track with an id',
    source: 'E-RTMP v2, AvMultitrackType.OneTrack',
    hex: '96 00 61766331 02 01640016',
    header: { isMultitrack: true, packetType: 'sequenceStart', codec: 'h264', fourCc: 'avc1', headerBytes: 7 },
    tracks: [[2, 'avc1', 'h264', 7, 4, 0]],
    cacheKeys: ['video:2:sequence'],
  },
  {
    name: 'many tracks, one codec, composition times of their own',
    source: 'E-RTMP v2, AvMultitrackType.ManyTracks',
    hex: '96 11 68766331 00 000005 000010 aabb 01 000003 ffffff',
    header: { packetType: 'codedFrames', isKeyFrame: true, compositionTimeMs: 16, headerBytes: 13 },
    tracks: [
      [0, 'hvc1', 'hevc', 13, 2, 16],
      [1, 'hvc1', 'hevc', 22, 0, -1],
    ],
    cacheKeys: [],
  },
  {
    name: 'many tracks, many codecs, sequence starts',
    source: 'E-RTMP v2, AvMultitrackType.ManyTracksManyCodecs',
    hex: '96 20 61763031 00 000002 aabb 76703039 01 000001 cc',
    header: { packetType: 'sequenceStart', codec: 'av1', isSequenceStart: true, headerBytes: 10 },
    tracks: [
      [0, 'av01', 'av1', 10, 2, 0],
      [1, 'vp09', 'vp9', 20, 1, 0],
    ],
    cacheKeys: ['video:0:sequence', 'video:1:sequence'],
  },
  {
    name: 'multitrack behind ModEx',
    source: 'E-RTMP v2, ExVideoTagHeader',
    hex: '97 02 000001 06 04 68766331 03',
    header: { packetType: 'metadata', timestampOffsetNanos: 1, isMultitrack: true },
    tracks: [[3, 'hvc1', 'hevc', 12, 0, 0]],
    cacheKeys: ['video:3:metadata'],
  },
  {
    name: 'AV1 sequence start before the configuration is known',
    source: 'FFmpeg 8 flvenc: the full one follows with the first frame',
    hex: '90 61763031',
    header: { packetType: 'sequenceStart', isSequenceStart: true, codec: 'av1' },
    tracks: [[0, 'av01', 'av1', 5, 0, 0]],
    cacheKeys: ['video:0:sequence'],
  },
  {
    name: 'empty colorInfo',
    source: 'FFmpeg 8 flvenc, bbb.flv of veovera/enhanced-rtmp',
    hex: 'd4 61763031 020009636f6c6f72496e666f 03 000b636f6c6f72436f6e666967 03000009 000009',
    header: { packetType: 'metadata', frameType: 5 },
    tracks: [[0, 'av01', 'av1', 5, 33, 0]],
    cacheKeys: ['video:0:metadata'],
  },
  {
    name: 'second video track of several',
    source: 'FFmpeg 8 flvenc',
    hex: '96 00 76703039 01 0100000000158202',
    header: { packetType: 'sequenceStart', isMultitrack: true, codec: 'vp9' },
    tracks: [[1, 'vp09', 'vp9', 7, 8, 0]],
    cacheKeys: ['video:1:sequence'],
  },
  {
    name: 'a FourCC of no table is passed on, and cached',
    source: 'E-RTMP v2, constructed',
    hex: '90 78787878 01',
    header: { codec: 'unknown', fourCc: 'xxxx', packetType: 'sequenceStart' },
    tracks: [[0, 'xxxx', 'unknown', 5, 1, 0]],
    cacheKeys: ['video:0:sequence'],
  },
];

export const audioVectors: readonly TagHeaderVector<AudioTagHeader>[] = [
  {
    name: 'AAC sequence header',
    source: 'FFmpeg 5.1 flvenc',
    hex: 'af 00 1210',
    header: {
      enhanced: false,
      codec: 'aac',
      soundFormat: 10,
      soundRate: 44100,
      soundSize: 16,
      channels: 2,
      packetType: 'sequenceStart',
      isSequenceStart: true,
      headerBytes: 2,
    },
    tracks: [[0, undefined, 'aac', 2, 2, 0]],
    cacheKeys: ['audio:0:sequence'],
  },
  {
    name: 'AAC frame',
    source: 'FLV E.4.2.2',
    hex: 'af 01 21',
    header: { packetType: 'codedFrames', isSequenceStart: false },
    tracks: [[0, undefined, 'aac', 2, 1, 0]],
    cacheKeys: [],
  },
  {
    name: 'MP3, 22 kHz mono',
    source: 'FLV E.4.2.1',
    hex: '2a ff',
    header: { codec: 'mp3', soundRate: 22050, soundSize: 16, channels: 1, packetType: 'codedFrames', headerBytes: 1 },
    tracks: [[0, undefined, 'mp3', 1, 1, 0]],
    cacheKeys: [],
  },
  {
    name: 'Speex is 16 kHz mono whatever the bits say',
    source: 'FLV E.4.2.1',
    hex: 'bf 00',
    header: { codec: 'speex', soundRate: 16000, channels: 1 },
    tracks: [[0, undefined, 'speex', 1, 1, 0]],
    cacheKeys: [],
  },
  {
    name: 'Nellymoser 8 kHz',
    source: 'FLV E.4.2.1',
    hex: '52',
    header: { codec: 'nellymoser', soundRate: 8000, channels: 1 },
    tracks: [[0, undefined, 'nellymoser', 1, 0, 0]],
    cacheKeys: [],
  },
  {
    name: 'a reserved sound format',
    source: 'FLV E.4.2.1',
    hex: 'c0 00',
    header: { codec: 'unknown', soundFormat: 12, packetType: 'codedFrames' },
    tracks: [[0, undefined, 'unknown', 1, 1, 0]],
    cacheKeys: [],
  },
  {
    name: 'Enhanced Opus sequence start',
    source: 'E-RTMP v2, ExAudioTagHeader',
    hex: '90 4f707573 4f70',
    header: { enhanced: true, codec: 'opus', fourCc: 'Opus', packetType: 'sequenceStart', headerBytes: 5 },
    tracks: [[0, 'Opus', 'opus', 5, 2, 0]],
    cacheKeys: ['audio:0:sequence'],
  },
  {
    name: 'Enhanced multichannel configuration',
    source: 'E-RTMP v2, MultichannelConfig',
    hex: '94 4f707573 01 06 0000060f',
    header: { packetType: 'multichannelConfig', isSequenceStart: false },
    tracks: [[0, 'Opus', 'opus', 5, 6, 0]],
    cacheKeys: ['audio:0:multichannel'],
  },
  {
    name: 'Enhanced end of sequence',
    source: 'E-RTMP v2, AudioPacketType.SequenceEnd',
    hex: '92 664c6143',
    header: { packetType: 'sequenceEnd', codec: 'flac' },
    tracks: [[0, 'fLaC', 'flac', 5, 0, 0]],
    cacheKeys: [],
  },
  {
    name: 'ModEx, then one track of E-AC-3',
    source: 'E-RTMP v2, ExAudioTagHeader',
    hex: '97 02 00ffff 05 01 65632d33 01 0b77',
    header: { packetType: 'codedFrames', codec: 'eac3', timestampOffsetNanos: 65_535, isMultitrack: true },
    tracks: [[1, 'ec-3', 'eac3', 12, 2, 0]],
    cacheKeys: [],
  },
  {
    name: 'many tracks, many codecs',
    source: 'E-RTMP v2, AvMultitrackType.ManyTracksManyCodecs',
    hex: '95 20 6d703461 00 000002 1210 2e6d7033 04 000000',
    header: { packetType: 'sequenceStart', codec: 'aac' },
    tracks: [
      [0, 'mp4a', 'aac', 10, 2, 0],
      [4, '.mp3', 'mp3', 20, 0, 0],
    ],
    cacheKeys: ['audio:0:sequence', 'audio:4:sequence'],
  },
  {
    name: 'many tracks naming one track twice',
    source: 'E-RTMP v2, constructed',
    hex: '95 14 61632d33 01 000000 01 000000',
    header: { packetType: 'multichannelConfig', codec: 'ac3' },
    tracks: [
      [1, 'ac-3', 'ac3', 10, 0, 0],
      [1, 'ac-3', 'ac3', 14, 0, 0],
    ],
    cacheKeys: ['audio:1:multichannel'],
  },
];

/** Cut short, reserved or forbidden: packet type `unknown`, no tracks, never cached. */
export const unreadableVideoHex = [
  '17', // AVC without a packet type
  '17 01 0000', // AVC, composition time cut short
  '17 03 000000', // AVC packet type of no table
  '97', // ModEx without a size
  '97 02 0000', // ModEx data cut short
  '97 02 000000', // ModEx without its types
  '97 ff 00', // ModEx, 16-bit size cut short
  '97 ff ffff 00', // ModEx, 65,536 bytes announced
  '98 61763031', // reserved packet type
  '90 617630', // FourCC cut short
  '91 68766331 0000', // composition time cut short
  'd1', // command missing
  '96', // multitrack without its types
  '96 30 61763031 00', // reserved multitrack type
  '96 06 61763031 00', // multitrack in multitrack
  '96 07 61763031 00', // ModEx in multitrack
  '96 10 61763031', // no track at all
  '96 10 61763031 00 0000', // track size cut short
  '96 10 61763031 00 000002 aa', // track longer than the message
  '96 11 68766331 00 000002 aabb', // no room for the composition time in the track
  '96 20 617630', // track's FourCC cut short
];
export const unreadableAudioHex = [
  'af', // AAC without a packet type
  'af 02', // AAC packet type of no table
  '93 4f707573', // reserved packet type
  '90 4f7075',
  '95 05 4f707573 00',
  '95 10 4f707573 00 000001',
  '97 00',
];
