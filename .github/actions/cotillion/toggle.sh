#!/usr/bin/env bash
# Says whether the load runs: `enabled` in $GITHUB_OUTPUT. The toggles, the first that says anything wins: ENABLED (the input,
# unless it is `auto`); BY_HAND (the box of a manual run, true or false); EVENT (a schedule is on); LABELLED (the pull request
# has the label); VARIABLE (the repository variable).
set -euo pipefail

say() {
  printf 'enabled=%s\n' "$1" >>"$GITHUB_OUTPUT"
  printf 'load tests: %s, by %s\n' "${1:-off}" "$2"
  exit 0
}

if [ "$ENABLED" != auto ]; then say "$ENABLED" "the input \`enabled\`"; fi
if [ -n "$BY_HAND" ]; then say "$BY_HAND" "the box of the manual run"; fi
if [ "$EVENT" = schedule ]; then say true "the schedule"; fi
if [ "$LABELLED" = true ]; then say true "the label \`load-test\`"; fi
if [ -n "$VARIABLE" ]; then say "$VARIABLE" "the variable RUN_LOAD"; fi
say false "default: no schedule, no label \`load-test\`, no variable RUN_LOAD"
