# shellcheck shell=bash
# What ci/test and ci/matrix share: parts with a title and their summary, and the installation of what is missing. It is
# sourced, by scripts that have gone to the root of the repository.

summary=()
failed=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# part TITLE COMMAND...: runs a check under its title, and goes on to the next even if it fails.
part() {
  local title=$1 start=$SECONDS result=passed
  shift
  printf '\n== %s: %s\n\n' "$title" "$*"
  "$@" || { result=FAILED failed=1; }
  summary+=("$(printf '%-8s %5d s  %s' "$result" $((SECONDS - start)) "$title")")
}

# need WHAT INSTEAD: ends the run, as nothing can be checked without it.
need() {
  printf '%s: %s is missing and cannot be installed from here; %s\n' "$0" "$1" "$2" >&2
  exit 1
}

has() {
  command -v "$1" >/dev/null 2>&1
}

# from_debian WHAT PACKAGE...: installs Debian packages, where this user may.
from_debian() {
  local what=$1 as_root=()
  shift
  if ! has apt-get; then need "$what" "install it by your system's means"; fi
  if [ "$(id -u)" -ne 0 ]; then
    if ! sudo -n true 2>/dev/null; then need "$what" "run \`sudo apt-get install $*\`"; fi
    as_root=(sudo -n)
  fi
  printf 'installing %s: apt-get install %s\n' "$what" "$*"
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"
}

install_rust() {
  if ! has cargo; then need "Rust" "install it with rustup, see https://rustup.rs"; fi
  local component
  for component in fmt clippy; do
    if cargo "$component" --version >/dev/null 2>&1; then continue; fi
    if ! has rustup; then need "cargo $component" "install it by the means that cargo came by"; fi
    printf 'installing cargo %s\n' "$component"
    rustup component add "${component/fmt/rustfmt}"
  done
}

# The real servers of tests/interop, what looks at the pages, and what reads and runs pipelines. A copy of the lock file
# remembers what was installed.
install_node_packages() {
  if ! has node || ! has npm; then from_debian "Node" nodejs npm; fi
  local lock folder
  for lock in tests/interop/*/package-lock.json tests/browser/package-lock.json tests/pipelines/package-lock.json; do
    folder=$(dirname "$lock")
    if cmp -s "$lock" "$folder/node_modules/.installed-from"; then continue; fi
    printf 'installing the npm packages of %s\n' "$folder"
    npm --prefix "$folder" ci --no-audit --no-fund
    cp "$lock" "$folder/node_modules/.installed-from"
  done
}

# The browser that looks at the HTML reports.
install_browser() {
  local browser
  for browser in chromium chromium-browser google-chrome; do
    if has "$browser"; then return; fi
  done
  from_debian "Chromium" chromium
}

# The Python server of the matrix, the libraries that read reports, and what reads pipelines, each in an environment of its own. A copy of the
# requirements remembers what was installed.
install_python_packages() {
  local requirements folder
  for requirements in tests/interop/matrix/requirements.txt tests/readers/requirements.txt tests/pipelines/requirements.txt; do
    folder=$(dirname "$requirements")
    if cmp -s "$requirements" "$folder/.venv/.installed-from"; then continue; fi
    if ! has python3 || ! python3 -c 'import ensurepip, venv' 2>/dev/null; then from_debian "Python" python3 python3-venv; fi
    printf 'installing the Python packages of %s\n' "$folder"
    python3 -m venv --clear "$folder/.venv"
    "$folder/.venv/bin/pip" install --quiet --disable-pip-version-check --require-hashes -r "$requirements"
    cp "$requirements" "$folder/.venv/.installed-from"
  done
}

# What reads shell scripts, and what gitlab-ci-local copies with.
install_lint() {
  local missing=() tool
  for tool in shellcheck rsync git curl; do
    if ! has "$tool"; then missing+=("$tool"); fi
  done
  if [ "${#missing[@]}" -gt 0 ]; then from_debian "what ci/lint needs" "${missing[@]}"; fi
}

# What makes two servers one: Redis between them and nginx before them. The tests start their own of both, on other ports than
# those that Debian starts.
install_cluster() {
  local missing=()
  if ! has redis-server; then missing+=(redis-server); fi
  if ! has nginx && ! [ -x /usr/sbin/nginx ]; then missing+=(nginx-light); fi
  if [ "${#missing[@]}" -gt 0 ]; then from_debian "a server for the cluster" "${missing[@]}"; fi
}

# finish: the summary, and the exit code of all parts together.
finish() {
  printf '\n== Summary\n\n'
  grep -E '^ *(Running|Doc-tests) |^test result:|^ℹ (tests|pass|fail|skipped) ' "$log" || printf 'no test has run\n'
  printf '\n'
  printf '%s\n' "${summary[@]}"
  exit "$failed"
}
