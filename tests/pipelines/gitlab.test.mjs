// The GitLab template, executed by gitlab-ci-local with the real program: which jobs there are, how they end, what they leave.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { parse, parseAllDocuments, stringify } from "yaml";

import { HERE, ROOT, environment, workspace } from "./place.mjs";
import { files } from "./runner.mjs";

/** A project of a team: its own job and the template with `inputs`. */
function project(inputs) {
  const place = workspace();
  mkdirSync(join(place, "ci/gitlab"), { recursive: true });
  cpSync(join(ROOT, "ci/gitlab/cotillion.yml"), join(place, "ci/gitlab/cotillion.yml"));
  const pipeline = {
    stages: ["test", "after"],
    include: [{ local: "ci/gitlab/cotillion.yml", inputs }],
    unit: { stage: "test", script: ["echo unit tests"] },
    deploy: { stage: "after", script: ["echo deployed"] },
  };
  writeFileSync(join(place, ".gitlab-ci.yml"), stringify(pipeline));
  const git = (...args) => execFileSync("git", ["-c", "user.name=x", "-c", "user.email=x@example.com", ...args], { cwd: place });
  git("init", "--quiet", "--initial-branch=main");
  git("remote", "add", "origin", "git@gitlab.example.com:team/project.git");
  git("add", "--all");
  git("commit", "--quiet", "--message=x");
  return place;
}

function local(place, args, env) {
  return new Promise((done) => {
    const program = join(HERE, "node_modules/.bin/gitlab-ci-local");
    const child = spawn(program, ["--force-shell-executor", ...args], { cwd: place, env: environment(env) });
    let log = "";
    let out = "";
    child.stdout.on("data", (data) => {
      out += data;
      log += data;
    });
    child.stderr.on("data", (data) => {
      log += data;
    });
    child.on("close", (code) => done({ code, out, log: log.replace(/\u001b\[[0-9;]*m/g, "") }));
  });
}

/**
 * Runs the pipeline. `jobs` is how each ended, as gitlab-ci-local sums it up. (It tells a failed job by its exit codes, as
 * GitLab does, but goes on after it where `allow_failure` is there at all; so only the jobs are looked at, not what comes after.)
 */
async function run(inputs, variables = {}, env = {}) {
  const place = project({ suite: "suites/passes.yaml", args: "--quiet", ...inputs });
  const given = Object.entries(variables).flatMap(([name, value]) => ["--variable", `${name}=${value}`]);
  const ran = await local(place, given, env);
  const jobs = Object.fromEntries([...ran.log.matchAll(/^ (PASS|WARN|FAIL) +([\w-]+)(?: |$)/gm)].map(([, end, job]) => [job, end]));
  const left = join(place, ".gitlab-ci-local/artifacts", inputs.job ?? "load-test");
  const read = (name, suite = "passes") => readFileSync(join(left, "cotillion-report", suite, name), "utf8");
  return { ...ran, jobs, left: files(left), read, junit: (suite) => read("junit.xml", suite) };
}

test("switched on: the suite runs beside the other tests, and leaves its reports", async () => {
  const ran = await run({}, { RUN_LOAD: "1" });
  assert.equal(ran.code, 0, ran.log);
  assert.deepEqual(ran.jobs, { unit: "PASS", "load-test": "PASS", deploy: "PASS" });
  for (const file of ["report.html", "junit.xml", "results.json"]) {
    assert.ok(ran.left.includes(`cotillion-report/passes/${file}`), ran.left.join());
  }
  assert.match(ran.junit("passes"), /<testcase/);
  assert.doesNotMatch(ran.junit("passes"), /<failure|<error|<skipped/);
});

test("switched off, by default and by input: the job is green, and its tests are skipped", async () => {
  for (const [inputs, variables] of [[{}, {}], [{ enabled: "false" }, { RUN_LOAD: "1" }], [{ enabled: "$RUN_LOAD" }, {}], [{}, { RUN_LOAD: "no" }]]) {
    const ran = await run({ ...inputs, suite: "suites/needs-secret.yaml" }, variables);
    assert.equal(ran.code, 0, ran.log);
    assert.equal(ran.jobs["load-test"], "PASS", ran.log);
    assert.match(ran.junit("needs-secret"), /<skipped/);
    assert.doesNotMatch(ran.junit("needs-secret"), /<failure|<error/);
  }
});

test("a schedule, a label and a variable in the input switch it on", async () => {
  const cases = [
    [{}, { CI_PIPELINE_SOURCE: "schedule" }],
    [{}, { CI_MERGE_REQUEST_LABELS: "backend,load-test" }],
    [{ enabled: "$ASKED" }, { ASKED: "yes" }],
    [{ enabled: "true" }, {}],
  ];
  for (const [inputs, variables] of cases) {
    const ran = await run({ ...inputs, suite: "suites/fails.yaml" }, variables);
    assert.equal(ran.jobs["load-test"], "WARN", `${JSON.stringify([inputs, variables])}: ${ran.log}`);
  }
});

test("a missed threshold warns, the next stage runs, and JUnit tells of it", async () => {
  const ran = await run({ suite: "suites/fails.yaml suites/passes.yaml" }, { RUN_LOAD: "1" });
  assert.equal(ran.code, 0, ran.log);
  assert.deepEqual(ran.jobs, { unit: "PASS", "load-test": "WARN", deploy: "PASS" });
  assert.match(ran.log, /WARN 99/);
  assert.match(ran.junit("fails"), /<failure/);
  assert.ok(ran.left.includes("cotillion-report/passes/junit.xml"));
});

test("a missed threshold fails where the team wants it, with its reports", async () => {
  const ran = await run({ suite: "suites/fails.yaml", allow_failure_exit_codes: [0], job: "gate" }, { RUN_LOAD: "1" });
  assert.equal(ran.jobs.gate, "FAIL", ran.log);
  assert.match(ran.log, /FAIL 99/);
  assert.match(ran.junit("fails"), /<failure/);
});

test("what is no missed threshold fails: an empty secret, a wrong toggle", async () => {
  const secret = await run({ suite: "suites/needs-secret.yaml" }, { RUN_LOAD: "1" }, { AUCTION_PASSWORD: "" });
  assert.equal(secret.jobs["load-test"], "FAIL", secret.log);
  assert.match(secret.log, /FAIL 104/);
  assert.match(secret.log, /AUCTION_PASSWORD/);
  const toggle = await run({ enabled: "perhaps" });
  assert.equal(toggle.jobs["load-test"], "FAIL", toggle.log);
});

test("what GitLab reads beside JUnit is there, where the template says", async () => {
  // gitlab-ci-local says GITLAB_CI=false, so that the server is named.
  const ran = await run({ args: "--quiet --ci gitlab" }, { RUN_LOAD: "1" });
  assert.equal(ran.jobs["load-test"], "PASS", ran.log);
  const { reports } = parseAllDocuments(readFileSync(join(ROOT, "ci/gitlab/cotillion.yml"), "utf8"))[1].toJS()["$[[ inputs.job ]]"].artifacts;
  assert.deepEqual(Object.keys(reports), ["junit", "load_performance", "metrics", "annotations"]);
  for (const [kind, path] of Object.entries(reports)) {
    const expected = path.replace("$[[ inputs.out ]]", "cotillion-report").replace("*", "passes");
    assert.ok(ran.left.includes(expected), `${kind}: ${expected} is not among ${ran.left.join()}`);
  }
  const { metrics } = JSON.parse(ran.read("load-performance.json"));
  assert.ok(metrics.http_reqs.rate > 0 && metrics.http_req_waiting["p(95)"] > 0, JSON.stringify(metrics));
});

test("the inputs end where GitLab reads them", async () => {
  const place = project({ suite: "suites", stage: "after", image: "registry.example.com/c:1", out: "there", allow_failure_exit_codes: [99, 111], timeout: "2h" });
  const { code, log, out } = await local(place, ["--preview"], {});
  assert.equal(code, 0, log);
  const job = parse(out)["load-test"];
  assert.equal(job.stage, "after");
  assert.equal(job.image.name, "registry.example.com/c:1");
  assert.equal(job.timeout, "2h");
  assert.deepEqual(job.allow_failure, { exit_codes: [99, 111] });
  assert.equal(job.artifacts.when, "always");
  assert.deepEqual(job.artifacts.paths, ["there/"]);
  assert.deepEqual(job.artifacts.reports, {
    junit: "there/*/junit.xml",
    load_performance: "there/*/load-performance.json",
    metrics: "there/*/metrics.txt",
    annotations: "there/*/annotations.json",
  });
});
