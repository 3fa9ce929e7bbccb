#!/usr/bin/env bash
# Makes sample.mp4, the demo's live source. Needs Debian's ffmpeg 5.1 and the package fonts-dejavu-core.
# README.md beside this file says what each choice is for and how the result was checked.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
quiet=(-hide_banner -loglevel error -nostdin -y)

# 34 s of sound: two rounds of the 16 s tone scale and a little more. Each tone is a multiple of 2 Hz and
# lasts 0.5 s, so every change of tone, and the step from the end to the start, is at a zero crossing.
# A little noise on the right makes every packet different from every other.
tone='0.25*sin(2*PI*(400+40*mod(floor(t*2),32))*t)'
ffmpeg "${quiet[@]}" \
    -f lavfi -i "aevalsrc='$tone|$tone+0.004*(random(0)-0.5)':s=48000:c=stereo:d=34" \
    -c:a aac -b:a 96k -flags:a +bitexact -fflags +bitexact "$scratch/tones.m4a"

# A picture that comes back to its start after 400 frames: drifting colours, a little grain so that it costs bits as a
# camera's would, and a disc that goes round.
turn='2*PI*N/400'
colours="geq=lum='92+34*sin(X/21+$turn)+26*sin(Y/13-2*$turn)+16*sin((X+Y)/9+3*$turn)'"
colours+=":cb='134+40*sin(X/37-Y/30+$turn)':cr='122+38*sin(Y/23+X/60-2*$turn)'"
disc="geq=lum=235:cb=128:cr=128:a='if(lte(hypot(X-31.5,Y-31.5),30),225,0)'"
path="x='288+250*sin(2*PI*n/400*2)':y='148+84*sin(2*PI*n/400*3)'"

# The frame number as a row of 18 cells, 1 = white: sync 1011, ten bits of n, four bits of 15 - n mod 15.
number="drawbox=x=0:y=0:w=640:h=48:c=black:t=fill"
cell() { number+=",drawbox=x=$((36 + 32 * $1)):y=12:w=24:h=24:c=white:t=fill:enable='$2'"; }
cell 0 1
cell 2 1
cell 3 1
for bit in 9 8 7 6 5 4 3 2 1 0; do cell $((13 - bit)) "mod(floor(n/$((1 << bit))),2)"; done
for bit in 3 2 1 0; do cell $((17 - bit)) "mod(floor((15-mod(n,15))/$((1 << bit))),2)"; done
number+=",drawbox=x=250:y=300:w=140:h=48:c=black@0.75:t=fill"
number+=",drawtext=font=DejaVu Sans Mono:fontsize=40:fontcolor=white:x=(w-tw)/2:y=307:text='%{eif\\:n\\:d\\:3}'"

# Video is encoded. Sound is copied: packet 0 is the encoder's priming and packets 1 to 750 are the first
# round, so 751 to 1500 are the second, whose first packet continues the last one of a loop. They are stamped
# to begin 0.08 s early, as the first video frame is decoded 0.08 s (two frames) before it is shown: then each
# fragment's cut falls at the same media time in both tracks. The muxer counts each track's times from its own first.
ffmpeg "${quiet[@]}" \
    -f lavfi -i "color=black:s=160x90:r=25:d=16,format=yuv444p,$colours,scale=640:360:flags=bicubic,noise=c0s=5:c0f=t" \
    -f lavfi -i "color=white:s=64x64:r=25:d=16,format=yuva420p,$disc" -i "$scratch/tones.m4a" \
    -filter_complex "[0:v][1:v]overlay=$path:format=yuv444,$number,format=yuv420p[v]" -map "[v]" -map 2:a \
    -c:v libx264 -profile:v high -preset veryslow -b:v 1000k -maxrate 1400k -bufsize 2000k -threads 1 -flags:v +bitexact \
    -x264-params "keyint=50:min-keyint=50:scenecut=0:open-gop=0:bframes=3:b-pyramid=normal:ref=4" \
    -c:a copy -bsf:a "noise=drop='not(between(n,751,1500))',setts=ts=N*1024-3840:duration=1024" \
    -fflags +bitexact -use_editlist 0 \
    -movflags +frag_keyframe+empty_moov+default_base_moof+negative_cts_offsets+skip_trailer \
    sample.mp4
