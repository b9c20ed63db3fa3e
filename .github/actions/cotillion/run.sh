#!/usr/bin/env bash
# Becomes Cotillion, with INPUT_SUITE (one a line), INPUT_ARGS (split at white space), INPUT_ENABLED and INPUT_OUT.
# Cotillion itself writes $GITHUB_OUTPUT and $GITHUB_STEP_SUMMARY, and the annotations.
set -euo pipefail

suites=()
while IFS= read -r line; do
  line=${line#"${line%%[![:space:]]*}"}
  line=${line%"${line##*[![:space:]]}"}
  if [ -n "$line" ]; then suites+=("$line"); fi
done <<<"$INPUT_SUITE"
if [ ${#suites[@]} -eq 0 ]; then
  printf '::error title=Cotillion::%s\n' "\`suite\` is empty: name a suite file or a folder of suites"
  exit 2
fi

# `read` splits, and neither expands nor runs anything.
IFS=$' \t\n' read -r -d '' -a args <<<"$INPUT_ARGS" || true

exec "$PROGRAM" run --out "$INPUT_OUT" --enabled "$INPUT_ENABLED" ${args[@]+"${args[@]}"} -- "${suites[@]}"
