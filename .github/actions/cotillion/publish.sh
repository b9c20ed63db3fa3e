#!/usr/bin/env bash
# Says what is uploaded, in $GITHUB_OUTPUT: `folder`, a copy of the reports and of nothing else that lies in INPUT_OUT; and
# `page`, the HTML report under a name that is unique in the run of the workflow, where there is exactly one.
set -euo pipefail
shopt -s nullglob

fail() {
  printf '::error title=Cotillion::%s\n' "$1"
  exit 1
}

case $INPUT_ARTIFACT in
  *[!0-9A-Za-z._-]* | .*) fail "\`artifact\` is \`$INPUT_ARTIFACT\`; it can have letters, digits, \`-\`, \`_\` and \`.\`" ;;
esac
if ! [ -d "$INPUT_OUT" ]; then
  printf 'no reports in %s: nothing is published\n' "$INPUT_OUT"
  exit 0
fi

folder=$RUNNER_TEMP/cotillion-published/$INPUT_ARTIFACT
rm -rf "$folder"
mkdir -p "$folder"
pages=()
count=0
# Files that the formats write: `cotillion list` names them.
for file in "$INPUT_OUT"/index.html "$INPUT_OUT"/*/{report.html,junit.xml,results.json,summary.md,load-performance.json,metrics.txt,annotations.json,openmetrics.txt,timeline.csv}; do
  if ! [ -f "$file" ] || [ -L "$file" ]; then continue; fi
  within=${file#"$INPUT_OUT"/}
  mkdir -p "$folder/$(dirname "$within")"
  cp "$file" "$folder/$within"
  count=$((count + 1))
  if [ "${file##*/}" = report.html ]; then pages+=("$file"); fi
done
if [ "$count" -eq 0 ]; then
  printf 'no reports in %s: nothing is published\n' "$INPUT_OUT"
  exit 0
fi
printf 'folder=%s\n' "$folder" >>"$GITHUB_OUTPUT"
printf '%d files are published as %s\n' "$count" "$INPUT_ARTIFACT"
if [ ${#pages[@]} -eq 1 ]; then
  page=$RUNNER_TEMP/cotillion-published/$INPUT_ARTIFACT.html
  cp "${pages[0]}" "$page"
  printf 'page=%s\n' "$page" >>"$GITHUB_OUTPUT"
fi
