#!/usr/bin/env bash
# Finds or installs the binary, and says where it is: `bin` in $GITHUB_OUTPUT. Reads INPUT_PATH, INPUT_VERSION, INPUT_FROM,
# INPUT_SHA256, INPUT_REPOSITORY; RELEASES_URL is where releases are, if not on the server of the workflow.
set -euo pipefail

fail() {
  printf '::error title=Cotillion::%s\n' "$1"
  exit 1
}

found() {
  printf 'bin=%s\n' "$1" >>"$GITHUB_OUTPUT"
  printf 'found %s: %s\n' "$1" "$("$1" --version)"
  exit 0
}

# The name of the archive for this machine.
target() {
  case ${RUNNER_OS:-$(uname -s)}-${RUNNER_ARCH:-$(uname -m)} in
    Linux-X64 | Linux-x86_64) echo x86_64-unknown-linux-musl ;;
    macOS-ARM64 | Darwin-arm64) echo aarch64-apple-darwin ;;
    macOS-X64 | Darwin-x86_64) echo x86_64-apple-darwin ;;
    *) fail "there is no release for ${RUNNER_OS:-$(uname -s)} on ${RUNNER_ARCH:-$(uname -m)}; build it with \`from: cargo\`, or give its \`path\`" ;;
  esac
}

sha256() {
  if command -v sha256sum >/dev/null; then sha256sum "$1"; else shasum -a 256 "$1"; fi | cut -d ' ' -f 1
}

if [ -n "$INPUT_PATH" ]; then
  if ! [ -x "$INPUT_PATH" ]; then fail "\`path\` is $INPUT_PATH, and no program is there"; fi
  found "$(cd "$(dirname "$INPUT_PATH")" && pwd)/$(basename "$INPUT_PATH")"
fi
if [ -z "$INPUT_VERSION" ]; then
  if ! command -v cotillion >/dev/null; then fail "there is no \`cotillion\` on this runner; say which \`version\` to install, or the \`path\` of one"; fi
  found "$(command -v cotillion)"
fi

version=${INPUT_VERSION#v}
case $version in
  *[!0-9A-Za-z.+-]*) fail "\`version\` is none: write 0.1.0" ;;
esac
root=$RUNNER_TEMP/cotillion-$version
mkdir -p "$root"
case $INPUT_FROM in
  cargo)
    cargo install cotillion --locked --version "$version" --root "$root"
    found "$root/bin/cotillion"
    ;;
  release) ;;
  *) fail "\`from\` is \`$INPUT_FROM\`; it can be release or cargo" ;;
esac

name=cotillion-$version-$(target)
url=${RELEASES_URL:-${GITHUB_SERVER_URL:-https://github.com}/$INPUT_REPOSITORY/releases/download}/v$version
fetch() {
  curl --fail --silent --show-error --location --retry 3 --output "$root/$1" "$url/$1" || fail "$url/$1 cannot be downloaded"
}
fetch "$name.tar.gz"
wanted=$INPUT_SHA256
if [ -z "$wanted" ]; then
  fetch SHA256SUMS
  wanted=$(awk -v name="$name.tar.gz" '$2 == name || $2 == "*" name { print $1 }' "$root/SHA256SUMS")
  if [ -z "$wanted" ]; then fail "SHA256SUMS of the release says nothing of $name.tar.gz"; fi
fi
is=$(sha256 "$root/$name.tar.gz")
if [ "$is" != "$wanted" ]; then
  rm "$root/$name.tar.gz"
  fail "the checksum of $name.tar.gz is $is, and should be $wanted: it is not what was released"
fi
tar -xzf "$root/$name.tar.gz" -C "$root"
found "$root/$name/cotillion"
