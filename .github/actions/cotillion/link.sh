#!/usr/bin/env bash
# Puts a link to the page, PAGE_URL, below the summary.
set -euo pipefail
printf '\n[Open the report](%s)\n' "$PAGE_URL" >>"$GITHUB_STEP_SUMMARY"
