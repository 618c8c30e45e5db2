#!/bin/sh
# Makes packages/server/assets/demo.flv, the test stream of `millrace serve --demo`. Needs ffmpeg with libx264 and
# drawtext. Nothing in it comes from elsewhere: the picture is drawn and the tone computed here.
#
# The eight seconds are seamless. Everything that moves has a period that divides 8 s; 8 s are exactly 200 frames at
# 25 fps and 375 AAC frames at 48 kHz. Sixteen seconds are encoded and the second half is kept, so that the first AAC
# frame is the one that follows the last, and the encoder's start-up silence is gone.
set -eu
cd "$(dirname "$0")/.."
target=packages/server/assets/demo.flv
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$(dirname "$target")"

# A mill wheel (rim, hub, eight spokes that turn once in 8 s) over water (waves that run twice in 8 s).
r='hypot(X-320,Y-165)'
turn='atan2(Y-165,X-320)+2*PI*T/8'
wheel="between($r,92,104)+lt($r,20)+lt($r,96)*lt(abs(sin(4*($turn))),4.2/max($r,8))"
water='gt(Y,255+7*sin(X/28-2*PI*T/2)+4*sin(X/67+2*PI*T/4))'
luma="if($water,88+12*sin(X/28-2*PI*T/2),if($wheel,205,30+Y/12))"
cb="if($water,158,if($wheel,104,138))"
cr="if($water,106,if($wheel,148,124))"

# Seconds and frames as they pass: a frozen picture shows at once.
ticks="drawtext=text='%{eif\:mod(t\,8)\:d\:1}.%{eif\:mod(n\,25)\:d\:2}':x=w-tw-24:y=20:fontsize=30:fontcolor=white@0.9"
name="drawtext=text='millrace':x=24:y=20:fontsize=34:fontcolor=white@0.95"
what="drawtext=text='test stream':x=24:y=60:fontsize=18:fontcolor=white@0.7"
font=${DEMO_FONT:-/usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf}
if [ -f "$font" ]; then
  ticks="$ticks:fontfile=$font" name="$name:fontfile=$font" what="$what:fontfile=$font"
fi

# A soft fifth that swells and fades four times; whole numbers of periods in 8 s.
tone='0.05*(0.6+0.4*sin(2*PI*t/2))'
sound="$tone*(sin(2*PI*220*t)+0.7*sin(2*PI*330*t))|$tone*(sin(2*PI*220*t)+0.7*sin(2*PI*330*t+0.6))"

ffmpeg -hide_banner -loglevel error -y \
  -f lavfi -i "color=black:s=640x360:r=25:d=16,format=yuv444p,geq=lum='$luma':cb='$cb':cr='$cr',format=yuv420p,$name,$what,$ticks" \
  -f lavfi -i "aevalsrc=$sound:s=48000:d=16.5" \
  -map 0:v -c:v libx264 -profile:v main -preset veryslow -tune animation -bf 0 -b:v 270k -maxrate 310k -bufsize 300k \
  -g 50 -keyint_min 50 -sc_threshold 0 -x264-params stitchable=1 -pix_fmt yuv420p -flags +cgop \
  -color_primaries bt709 -color_trc bt709 -colorspace bt709 \
  -map 1:a -c:a aac -b:a 64k -bitexact "$work/sixteen.nut"

ffmpeg -hide_banner -loglevel error -y -i "$work/sixteen.nut" -map 0:v -c copy -ss 8 -frames:v 200 "$work/video.nut"
ffmpeg -hide_banner -loglevel error -y -i "$work/sixteen.nut" -map 0:a -c copy -ss 8 -frames:a 375 "$work/audio.nut"
ffmpeg -hide_banner -loglevel error -y -i "$work/video.nut" -i "$work/audio.nut" -map 0:v -map 1:a -c copy \
  -flvflags no_duration_filesize -bitexact -metadata encoder= "$target"

# ffmpeg knows no rates of what it copies, and leaves 0 where they belong: they are counted here.
node - "$target" <<'END'
const fs = require('node:fs');
const [, , file] = process.argv;
const flv = fs.readFileSync(file);
const seconds = 8;
const bytes = { 8: 0, 9: 0 };
for (let at = 13; at < flv.length; at += 15 + flv.readUIntBE(at + 1, 3)) {
  if (flv[at] in bytes) bytes[flv[at]] += flv.readUIntBE(at + 1, 3);
}
for (const [name, type] of [['videodatarate', 9], ['audiodatarate', 8]]) {
  // A name, the marker 0 of a number, and its eight bytes.
  const end = flv.indexOf(name) + name.length;
  if (end < name.length || flv[end] !== 0) throw new Error(`there is no ${name} to set`);
  flv.writeDoubleBE(Math.round((bytes[type] * 8) / seconds / 1000), end + 1);
}
fs.writeFileSync(file, flv);
END

ls -l "$target"
ffprobe -hide_banner -v error -count_packets \
  -show_entries stream=codec_name,profile,width,height,start_time,nb_read_packets -of compact "$target"
