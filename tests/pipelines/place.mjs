// Where the tests are, and what they test.

import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const HERE = dirname(fileURLToPath(import.meta.url));
export const ROOT = resolve(HERE, "../..");
export const ACTION = join(ROOT, ".github/actions/cotillion");

/** The program that the pipelines call. */
export const BIN = resolve(ROOT, process.env.COTILLION_BIN ?? "target/debug/cotillion");

/** The environment of a job without what this one was told by a CI server, and with the program on the path. */
export function environment(more = {}) {
  const kept = Object.entries(process.env).filter(([name]) => !/^(GITHUB_|RUNNER_|CI$|CI_|GITLAB_|COTILLION_)/.test(name));
  return { ...Object.fromEntries(kept), PATH: `${dirname(BIN)}:${process.env.PATH}`, ...more };
}

const folders = [];
process.on("exit", () => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

/** A new folder, which goes when the tests end. */
export function temporary(name) {
  const folder = mkdtempSync(join(tmpdir(), `cotillion-${name}-`));
  folders.push(folder);
  return folder;
}

/** A new workspace with the suites of these tests in `suites`. */
export function workspace() {
  const folder = temporary("workspace");
  cpSync(join(HERE, "suites"), join(folder, "suites"), { recursive: true });
  return folder;
}
