import type { AmfInput } from '../../amf/index.js';

/** A command, and what the session makes of it where the server accepts everything. */
export interface CommandCase {
  readonly name: string;
  /** Where the client is when it sends the command; stream 1 exists in all of them. */
  readonly on: 'withStream' | 'publishing' | 'playing' | 'playingRecorded';
  readonly command: readonly [name: string, transactionId: number, args: readonly AmfInput[], messageStreamId?: number];
  /** As `describeMessage` has them. */
  readonly lines: readonly string[];
  readonly events: readonly string[];
}

export const publishStart = ['streamBegin 1', '1 status NetStream.Publish.Start'];
const playStart = [
  'streamBegin 1',
  '1 status NetStream.Play.Reset',
  '1 status NetStream.Play.Start',
  '1 data |RtmpSampleAccess true true',
];

/** Answers and their order: RTMP §7.2, and Flash Media Server's where that says nothing. */
export const commandCases: readonly CommandCase[] = [
  // createStream and its like
  {
    name: 'createStream',
    on: 'withStream',
    command: ['createStream', 3, []],
    lines: ['0 _result 3 2'],
    events: [],
  },
  {
    name: 'releaseStream',
    on: 'withStream',
    command: ['releaseStream', 3, ['a']],
    lines: ['0 _result 3 undefined'],
    events: [],
  },
  {
    name: 'FCPublish',
    on: 'withStream',
    command: ['FCPublish', 3, ['a']],
    lines: ['0 onFCPublish 0 NetStream.Publish.Start', '0 _result 3 undefined'],
    events: [],
  },
  {
    name: 'FCPublish that wants no answer',
    on: 'withStream',
    command: ['FCPublish', 0, ['a']],
    lines: ['0 onFCPublish 0 NetStream.Publish.Start'],
    events: [],
  },
  {
    name: 'FCUnpublish of what is published',
    on: 'publishing',
    command: ['FCUnpublish', 3, ['a?key=1']],
    lines: [
      '1 status NetStream.Unpublish.Success',
      '0 onFCUnpublish 0 NetStream.Unpublish.Success',
      '0 _result 3 undefined',
    ],
    events: ['stopped 1 publish FCUnpublish'],
  },
  {
    name: 'FCUnpublish of something else',
    on: 'publishing',
    command: ['FCUnpublish', 3, ['b']],
    lines: ['0 onFCUnpublish 0 NetStream.Unpublish.Success', '0 _result 3 undefined'],
    events: [],
  },
  {
    name: 'FCUnpublish of what is played',
    on: 'playing',
    command: ['FCUnpublish', 0, ['a']],
    lines: ['0 onFCUnpublish 0 NetStream.Unpublish.Success'],
    events: [],
  },
  {
    name: 'FCSubscribe',
    on: 'withStream',
    command: ['FCSubscribe', 3, ['a?b']],
    lines: ['0 onFCSubscribe 0 NetStream.Play.Start', '0 _result 3 undefined'],
    events: ['subscribe a'],
  },
  {
    name: 'FCUnsubscribe',
    on: 'withStream',
    command: ['FCUnsubscribe', 3, ['a']],
    lines: ['0 onFCUnsubscribe 0 NetStream.Play.Stop', '0 _result 3 undefined'],
    events: [],
  },
  {
    name: '_checkbw',
    on: 'withStream',
    command: ['_checkbw', 3, []],
    lines: ['0 _result 3 undefined', '0 _onbwcheck 1 '],
    events: [],
  },
  {
    name: 'checkBandwidth',
    on: 'withStream',
    command: ['checkBandwidth', 3, []],
    lines: ['0 _result 3 undefined', '0 onBWCheck 1 '],
    events: [],
  },
  {
    name: 'getStreamLength',
    on: 'withStream',
    command: ['getStreamLength', 3, ['a']],
    lines: ['0 _result 3 0'],
    events: [],
  },
  { name: 'close', on: 'publishing', command: ['close', 0, []], lines: [], events: ['closed'] },
  ...['_result', '_error', 'onStatus'].map(
    (name): CommandCase => ({ name, on: 'withStream', command: [name, 3, []], lines: [], events: [] }),
  ),
  {
    name: 'an unknown command',
    on: 'withStream',
    command: ['getUserId', 3, []],
    lines: [],
    events: ['call getUserId'],
  },

  // publish
  {
    name: 'publish without a type',
    on: 'withStream',
    command: ['publish', 0, ['a'], 1],
    lines: publishStart,
    events: ['publish 1 a? live'],
  },
  {
    name: 'publish with a query, a prefix and a type',
    on: 'withStream',
    command: ['publish', 5, ['mp4:a.mp4?key=1?2', 'appendWithGap'], 1],
    lines: publishStart,
    events: ['publish 1 mp4:a.mp4?key=1?2 appendWithGap'],
  },
  {
    name: 'publish of an unknown type',
    on: 'withStream',
    command: ['publish', 0, ['a', 'forever'], 1],
    lines: ['1 error NetStream.Failed'],
    events: [],
  },
  ...[[], [''], ['?key=1'], [7], [null]].map(
    (args): CommandCase => ({
      name: `publish of ${JSON.stringify(args)}`,
      on: 'withStream',
      command: ['publish', 0, args, 1],
      lines: ['1 error NetStream.Publish.BadName'],
      events: [],
    }),
  ),
  {
    name: 'publish on the stream of the connection',
    on: 'withStream',
    command: ['publish', 0, ['a'], 0],
    lines: ['0 error NetStream.Publish.BadName'],
    events: [],
  },
  {
    name: 'publish on a stream that was not created',
    on: 'withStream',
    command: ['publish', 0, ['a'], 9],
    lines: ['9 error NetStream.Publish.BadName'],
    events: [],
  },
  {
    name: 'publish while publishing',
    on: 'publishing',
    command: ['publish', 0, ['b'], 1],
    lines: ['1 status NetStream.Unpublish.Success', ...publishStart],
    events: ['stopped 1 publish replaced', 'publish 1 b? live'],
  },
  {
    name: 'publish while playing',
    on: 'playing',
    command: ['publish', 0, ['b'], 1],
    lines: publishStart,
    events: ['stopped 1 play replaced', 'publish 1 b? live'],
  },
  {
    name: 'publish of false',
    on: 'publishing',
    command: ['publish', 0, [false], 1],
    lines: ['1 status NetStream.Unpublish.Success'],
    events: ['stopped 1 publish closeStream'],
  },

  // play
  {
    name: 'play',
    on: 'withStream',
    command: ['play', 0, ['flv:a?t=1'], 1],
    lines: playStart,
    events: ['play 1 flv:a?t=1 -2 -1 true'],
  },
  ...(
    [
      [[-2000], '-2 -1 true'],
      [[-1000, -1000], '-1 -1 true'],
      [[-1], '-1 -1 true'],
      [[-5], '-2 -1 true'],
      [[Number.NaN, Number.POSITIVE_INFINITY], '-2 -1 true'],
      [[1500, 2500, true], '1500 2500 true'],
      [['0', null, 1], '-2 -1 true'],
      [[0, 0, 3], '0 0 true'],
    ] as const
  ).map(
    ([args, event]): CommandCase => ({
      name: `play with ${args.join(', ')}`,
      on: 'withStream',
      command: ['play', 0, ['a', ...args], 1],
      lines: playStart,
      events: [`play 1 a? ${event}`],
    }),
  ),
  ...[false, 0, 2].map(
    (reset): CommandCase => ({
      name: `play with reset ${reset}`,
      on: 'withStream',
      command: ['play', 0, ['a', -2, -1, reset], 1],
      lines: playStart.filter((line) => !line.includes('Reset')),
      events: ['play 1 a? -2 -1 false'],
    }),
  ),
  {
    name: 'play of nothing',
    on: 'withStream',
    command: ['play', 0, [], 1],
    lines: ['1 error NetStream.Play.StreamNotFound'],
    events: [],
  },
  {
    name: 'play on a stream that was not created',
    on: 'withStream',
    command: ['play', 0, ['a'], 2],
    lines: ['2 error NetStream.Play.Failed'],
    events: [],
  },
  {
    name: 'play while playing',
    on: 'playing',
    command: ['play', 0, ['b'], 1],
    lines: playStart,
    events: ['stopped 1 play replaced', 'play 1 b? -2 -1 true'],
  },
  {
    name: 'play of false',
    on: 'playing',
    command: ['play', 0, [false], 1],
    lines: ['1 status NetStream.Play.Stop'],
    events: ['stopped 1 play closeStream'],
  },

  // commands of a playing stream
  {
    name: 'pause',
    on: 'playing',
    command: ['pause', 0, [true, 1234], 1],
    lines: ['1 status NetStream.Pause.Notify'],
    events: ['pause 1 true 1234'],
  },
  {
    name: 'the end of a pause',
    on: 'playing',
    command: ['pauseRaw', 0, [false, 'now'], 1],
    lines: ['1 status NetStream.Unpause.Notify'],
    events: ['pause 1 false 0'],
  },
  {
    name: 'pause while publishing',
    on: 'publishing',
    command: ['pause', 4, [true], 1],
    lines: ['1 _error 4 NetStream.Failed'],
    events: [],
  },
  {
    name: 'pause on a stream that was not created',
    on: 'withStream',
    command: ['pause', 4, [true], 8],
    lines: ['8 _error 4 NetStream.Failed'],
    events: [],
  },
  {
    name: 'seek',
    on: 'playing',
    command: ['seek', 0, [5000], 1],
    lines: ['1 error NetStream.Seek.Failed'],
    events: ['seek 1 5000'],
  },
  {
    name: 'seek, refused, that wants an answer',
    on: 'playing',
    command: ['seek', 4, [5000], 1],
    lines: ['1 _error 4 NetStream.Seek.Failed', '1 error NetStream.Seek.Failed'],
    events: ['seek 1 5000'],
  },
  {
    name: 'seek to what is no time',
    on: 'playingRecorded',
    command: ['seek', 4, [Number.NaN], 1],
    lines: ['1 _error 4 NetStream.Seek.InvalidTime', '1 error NetStream.Seek.InvalidTime'],
    events: [],
  },
  {
    name: 'seek to nowhere',
    on: 'playingRecorded',
    command: ['seek', 0, [], 1],
    lines: ['1 error NetStream.Seek.InvalidTime'],
    events: [],
  },
  {
    name: 'seek in a recording',
    on: 'playingRecorded',
    command: ['seek', 0, [5000], 1],
    lines: [
      'streamEof 1',
      'streamIsRecorded 1',
      'streamBegin 1',
      '1 status NetStream.Seek.Notify',
      '1 status NetStream.Play.Start',
    ],
    events: ['seek 1 5000'],
  },
  {
    name: 'pause of a recording',
    on: 'playingRecorded',
    command: ['pause', 0, [true, 700], 1],
    lines: ['streamEof 1', '1 status NetStream.Pause.Notify'],
    events: ['pause 1 true 700'],
  },
  {
    name: 'the end of a pause of a recording',
    on: 'playingRecorded',
    command: ['pause', 0, [false, 700], 1],
    lines: ['streamIsRecorded 1', 'streamBegin 1', '1 status NetStream.Unpause.Notify'],
    events: ['pause 1 false 700'],
  },
  {
    name: 'play after a recording',
    on: 'playingRecorded',
    command: ['play', 0, ['b', 0, -1, false], 1],
    lines: [],
    events: ['play 1 b? 0 -1 false'],
  },
  {
    name: 'play in place of a recording',
    on: 'playingRecorded',
    command: ['play', 0, ['b', 0], 1],
    lines: ['streamIsRecorded 1', ...playStart],
    events: ['stopped 1 play replaced', 'play 1 b? 0 -1 true'],
  },

  // play2
  ...(['switch', 'swap'] as const).map(
    (transition): CommandCase => ({
      name: `play2 with ${transition}`,
      on: 'playingRecorded',
      command: [
        'play2',
        0,
        [{ streamName: 'b?q', oldStreamName: 'a', start: -2, len: -1, offset: 1.5, transition }],
        1,
      ],
      lines: ['1 status NetStream.Play.Transition'],
      events: [`play 1 b?q -2 -1 false ${transition} a 1500`],
    }),
  ),
  {
    name: 'play2 with resume',
    on: 'playingRecorded',
    command: ['play2', 0, [{ streamName: 'b', offset: 3, transition: 'resume' }], 1],
    // Without Play.Reset: the client keeps what it has buffered.
    lines: ['streamIsRecorded 1', ...playStart.filter((line) => !line.includes('Reset'))],
    events: ['stopped 1 play replaced', 'play 1 b? -2 -1 false resume  3000'],
  },
  ...(['append', 'appendAndWait'] as const).map(
    (transition): CommandCase => ({
      name: `play2 with ${transition}`,
      on: 'playingRecorded',
      command: ['play2', 0, [{ streamName: 'b', start: 2, len: 3, transition }], 1],
      lines: [],
      events: [`play 1 b? 2000 3000 false ${transition}  -1`],
    }),
  ),
  ...['reset', undefined, null, ''].map(
    (transition): CommandCase => ({
      name: `play2 with ${transition}, as play`,
      on: 'playingRecorded',
      command: ['play2', 0, [{ streamName: 'b', transition }], 1],
      lines: ['streamIsRecorded 1', ...playStart],
      events: ['stopped 1 play replaced', 'play 1 b? -2 -1 true reset  -1'],
    }),
  ),
  {
    name: 'play2 with stop',
    on: 'playingRecorded',
    command: ['play2', 0, [{ streamName: 'b', transition: 'stop' }], 1],
    lines: ['1 status NetStream.Play.Stop'],
    events: ['stopped 1 play closeStream'],
  },
  {
    name: 'play2 on an idle stream',
    on: 'withStream',
    command: ['play2', 0, [{ streamName: 'b', transition: 'switch' }], 1],
    lines: playStart.filter((line) => !line.includes('Reset')),
    events: ['play 1 b? -2 -1 false switch  -1'],
  },
  ...[[], [{ streamName: 'b', transition: 'sideways' }], ['b']].map(
    (args): CommandCase => ({
      name: `play2 of ${JSON.stringify(args)}`,
      on: 'playingRecorded',
      command: ['play2', 0, args, 1],
      lines: ['1 error NetStream.Play.Failed'],
      events: [],
    }),
  ),
  {
    name: 'play2 of nothing',
    on: 'playingRecorded',
    command: ['play2', 0, [{ transition: 'switch' }], 1],
    lines: ['1 error NetStream.Play.StreamNotFound'],
    events: [],
  },
  {
    name: 'play2 on a stream that was not created',
    on: 'withStream',
    command: ['play2', 0, [{ streamName: 'b' }], 8],
    lines: ['8 error NetStream.Play.Failed'],
    events: [],
  },
  {
    name: 'seek that wants an answer, on an idle stream',
    on: 'withStream',
    command: ['seek', 4, [5000], 1],
    lines: ['1 _error 4 NetStream.Seek.Failed'],
    events: [],
  },
  {
    name: 'receiveAudio false',
    on: 'playing',
    command: ['receiveAudio', 0, [false], 1],
    lines: [],
    events: ['receiveAudio 1 false'],
  },
  {
    name: 'receiveVideo true',
    on: 'playing',
    command: ['receiveVideo', 0, [true], 1],
    lines: ['1 status NetStream.Seek.Notify', '1 status NetStream.Play.Start'],
    events: ['receiveVideo 1 true'],
  },
  {
    name: 'receiveVideo on an idle stream',
    on: 'withStream',
    command: ['receiveVideo', 0, [true], 1],
    lines: [],
    events: ['receiveVideo 1 true'],
  },

  // the end of a stream
  {
    name: 'closeStream while publishing',
    on: 'publishing',
    command: ['closeStream', 0, [], 1],
    lines: ['1 status NetStream.Unpublish.Success'],
    events: ['stopped 1 publish closeStream'],
  },
  {
    name: 'closeStream while playing',
    on: 'playing',
    command: ['closeStream', 0, [], 1],
    lines: ['1 status NetStream.Play.Stop'],
    events: ['stopped 1 play closeStream'],
  },
  {
    name: 'closeStream of an idle stream',
    on: 'withStream',
    command: ['closeStream', 0, [], 1],
    lines: [],
    events: [],
  },
  {
    name: 'deleteStream while publishing',
    on: 'publishing',
    command: ['deleteStream', 0, [1]],
    lines: ['1 status NetStream.Unpublish.Success'],
    events: ['stopped 1 publish deleteStream'],
  },
  {
    name: 'deleteStream while playing',
    on: 'playing',
    command: ['deleteStream', 0, [1]],
    lines: [],
    events: ['stopped 1 play deleteStream'],
  },
  {
    name: 'deleteStream on the stream itself, without an argument',
    on: 'playing',
    command: ['deleteStream', 0, [], 1],
    lines: [],
    events: ['stopped 1 play deleteStream'],
  },
  { name: 'deleteStream of another', on: 'playing', command: ['deleteStream', 0, [2]], lines: [], events: [] },
];
