#!/bin/sh
# Uploads a video, waits until both processes are final, and fetches the results. Needs curl alone.
#   examples/upload.sh holiday.mov [folder]
set -eu
url=${REELWORKS_URL:-http://localhost:8000}
video=$1
folder=${2:-.}

# A field of a flat JSON answer; enough here, and jq need not be there.
field() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p"; }

# curl reads the name between quotation marks, as a comma or a semicolon would end it.
quoted=$(printf '%s' "$video" | sed 's/["\\]/\\&/g')

# -f would hide the sentence of an error: show it, and stop.
answer=$(curl -sS -w '\n%{http_code}' -F client_id=examples -F "file=@\"$quoted\"" "$url/upload")
case $answer in
  *200) ;;
  *) echo "$answer" | field detail >&2; exit 1 ;;
esac
file_id=$(echo "$answer" | field file_id)
echo "Uploaded as $file_id"

for process in video-enhancement metadata-extraction; do
  while status=$(curl -fsS --retry 5 "$url/internal/$process-status/$file_id"); do
    case $(echo "$status" | field status) in
      completed) echo "$process is completed"; break ;;
      failed) echo "$process has failed: $(echo "$status" | field error)" >&2; exit 1 ;;
    esac
    sleep 1
  done
done

mkdir -p "$folder"
cd "$folder"
# -J takes the name that the service gives; -C - would go on with a download that broke off.
curl -fsS -OJ "$url/videos/$file_id/enhanced?download=1"
curl -fsS -o metadata.json "$url/videos/$file_id/metadata"
curl -fsS -o compare.jpg "$url/videos/$file_id/compare"
ls
