// Every check on every pipeline and script of the repository: `node tests/pipelines/lint.mjs`. Says what it has looked at.

import { join } from "node:path";

import { CHECKS, pipelines } from "./checks.mjs";
import { ROOT } from "./place.mjs";

let failed = 0;
const all = pipelines(ROOT);
for (const { name, kinds, about, run } of CHECKS) {
  const files = all.filter(({ kind }) => kinds.includes(kind));
  let problems = 0;
  for (const { path, kind } of files) {
    for (const problem of await run(join(ROOT, path), kind)) {
      problems += 1;
      console.log(`${path}: ${name}:\n  ${problem.replaceAll("\n", "\n  ")}`);
    }
  }
  if (files.length === 0) {
    problems += 1;
    console.log(`${name}: there is no file to look at`);
  }
  failed += problems;
  console.log(`${problems === 0 ? "ok    " : "FAILED"} ${name} (${about}): ${files.length} files`);
}
for (const { path } of all.filter(({ kind }) => kind === "yaml")) {
  failed += 1;
  console.log(`FAILED ${path}: no check knows what it is; add its kind to KINDS in tests/pipelines/checks.mjs`);
}
process.exit(failed === 0 ? 0 : 1);
