// Each check of ci/lint is seen to fail: a file of ours is made wrong in one place, and the check must say so.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";

import { CHECKS, kindOf, pipelines, scripts } from "./checks.mjs";
import { ROOT, temporary } from "./place.mjs";

/** Which check, which file, what of it is replaced by what, and what the check must say. */
const FAULTS = [
  ["actionlint", ".github/workflows/load-test.yml", "inputs.suite", "inputs.sweet", /"sweet" is not defined/],
  ["actionlint", ".github/workflows/release.yml", "fail-fast:", "fail-quick:", /unexpected key "fail-quick"/],
  ["actionlint", ".github/workflows/release.yml", "needs: build", "needs: built", /"built" which does not exist|needs job "built"/],
  ["zizmor", ".github/workflows/ci.yml", /actions\/checkout@\S+ # \S+/, "actions/checkout@v6", /unpinned-uses/],
  ["zizmor", ".github/workflows/ci.yml", "persist-credentials: false", "fetch-depth: 0", /artipacked/],
  ["zizmor", ".github/actions/cotillion/action.yml", 'exec bash "$GITHUB_ACTION_PATH/run.sh"', 'bash run.sh ${{ inputs.suite }}', /template-injection/],
  ["workflow schema", "ci/github/tests.yml", "  schedule:", "  scheduled:", /scheduled/],
  ["timeouts", ".github/workflows/ci.yml", "    timeout-minutes: 45\n", "", /timeout-minutes/],
  ["action schema", ".github/actions/cotillion/action.yml", "using: composite", "using: composit", /composit/],
  ["GitLab schema", "ci/gitlab/cotillion.yml", "when: always", "when: ever", /ever/],
  ["GitLab schema", "ci/gitlab/cotillion.yml", "default: [99]", "default: [ninety-nine]", /ninety-nine/],
  ["GitLab schema", "ci/gitlab/cotillion.yml", "$[[ inputs.stage ]]", "$[[ inputs.stag ]]", /no input stag/],
  ["GitLab schema", "ci/gitlab/cotillion.yml", "timeout: $[[ inputs.timeout ]]", "timeout: 1h", /input timeout is used nowhere/],
  ["GitLab schema", "ci/gitlab/cotillion.yml", "paths: [", "paths: [[", /Flow|flow|missing|expected/],
  ["Azure schema", "ci/azure-pipelines.yml", "displayName: Run the suites", "display: Run the suites", /display/],
  ["CircleCI schema", "ci/circleci.yml", "store_test_results:\n          path", "store_test_results:\n          folder", /folder|store_test_results/],
  ["cotillion check", "ci/init/smoke.yaml", "duration: 10s", "duration: 10", /unit|`10`/],
  ["shellcheck", ".github/actions/cotillion/run.sh", '"$INPUT_OUT"', "$INPUT_OUT", /SC2086/],
  ["shellcheck", "ci/package", 'rm -r "$name"', "rm -r $name", /SC2086/],
  ["shellcheck in pipelines", ".github/workflows/release.yml", 'cd packed', "cd $PACKED", /SC2086/],
  ["shellcheck in pipelines", ".github/actions/cotillion/action.yml", '"$GITHUB_ACTION_PATH/run.sh"', "$GITHUB_ACTION_PATH/run.sh", /SC2086/],
  ["shellcheck in pipelines", "ci/gitlab/cotillion.yml", "- set -f", "- if set -f", /SC1/],
  ["shellcheck in pipelines", "ci/azure-pipelines.yml", '--out "$OUT"', "--out $OUT", /SC2086/],
  ["shellcheck in pipelines", "ci/circleci.yml", "--out cotillion-report", "--out $OUT", /SC2086/],
  ["shellcheck in pipelines", "ci/Jenkinsfile", "--out cotillion-report", "--out $OUT", /SC2086/],
];

for (const [name, path, from, to, says] of FAULTS) {
  test(`${name} finds a fault in ${path}: ${says.source}`, async () => {
    const text = readFileSync(join(ROOT, path), "utf8");
    const wrong = text.replace(from, () => to);
    assert.notEqual(wrong, text, `${path} has no ${from}`);
    const file = join(temporary("fault"), path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, wrong);
    const { kinds, run } = CHECKS.find((check) => check.name === name);
    const kind = kindOf(path, wrong);
    assert.ok(kinds.includes(kind), `${name} does not look at ${path}, a ${kind}`);
    assert.match((await run(file, kind)).join("\n"), says);
  });
}

test("every check has a fault that it finds, and a file to look at", () => {
  const found = pipelines(ROOT).map(({ kind }) => kind);
  for (const { name, kinds } of CHECKS) {
    assert.ok(FAULTS.some(([of]) => of === name), `no fault shows that ${name} can fail`);
    for (const kind of kinds) assert.ok(found.includes(kind), `${name} looks for ${kind} in vain`);
  }
});

test("a pipeline that no check knows does not go unseen", () => {
  assert.equal(kindOf("ci/drone.yml", ""), "yaml");
  assert.equal(kindOf(".github/dependabot.yml", ""), "yaml");
  assert.equal(kindOf("ci/init/gitlab.yml", ""), "gitlab");
  assert.equal(kindOf("ci/init/woodpecker.yml", ""), "yaml");
  assert.equal(kindOf("ci/lint", "#!/usr/bin/env bash\n"), "shell");
  assert.equal(kindOf("loadtests/smoke.yaml", ""), undefined);
});

test("the scripts in every kind of pipeline are found", () => {
  const cases = {
    "ci/Jenkinsfile": /make test[^]*exec cotillion run/,
    "ci/azure-pipelines.yml": /make test[^]*bin\/cotillion" run/,
    "ci/circleci.yml": /make test[^]*exec cotillion run/,
    "ci/gitlab/cotillion.yml": /set -f\n[^]*cotillion run/,
    "ci/github/tests.yml": /make test[^]*printf/,
  };
  for (const [path, has] of Object.entries(cases)) {
    const text = readFileSync(join(ROOT, path), "utf8");
    assert.match(scripts(text, kindOf(path, text)).join("\n"), has);
  }
});
