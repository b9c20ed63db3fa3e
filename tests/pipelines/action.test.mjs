// The composite action, step by step with the real program.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { test } from "node:test";

import { TEXT, hostile } from "./hostile.mjs";
import { ACTION, BIN, ROOT, environment, temporary, workspace } from "./place.mjs";
import { act, commands, evaluate, outputs } from "./runner.mjs";

/** The action on a suite of `suites`, with the built program. */
function check({ suite, inputs = {}, env = {}, ...more }) {
  return act(ACTION, {
    inputs: { suite, path: BIN, args: "--quiet", ...inputs },
    env: environment(env),
    workspace: workspace(),
    ...more,
  });
}

test("a suite that passes: exit code, outputs, summary, and what is published", async () => {
  const ran = await check({ suite: "suites/passes.yaml" });
  assert.equal(ran.code, 0, ran.log);
  const { "report-path": report, "p95-ms": p95, "success-rate": rate, ...rest } = ran.outputs;
  assert.deepEqual(rest, {
    result: "passed",
    "exit-code": "0",
    "failed-thresholds": "0",
    "report-url": "https://github.example/artifacts/2",
  });
  assert.match(report, /^cotillion-report\/passes\/report\.html$/);
  assert.ok(Number(p95) > 0 && Number(p95) < 1000, `p95-ms is ${p95}`);
  assert.equal(Number(rate), 1);
  assert.match(ran.summary, /passes/);
  assert.match(ran.summary, /\[Open the report\]\(https:\/\/github\.example\/artifacts\/2\)/);
  const [all, page] = ran.uploads;
  assert.equal(all.name, "cotillion-report");
  assert.ok(["report.html", "junit.xml", "results.json"].every((file) => all.files.includes(`passes/${file}`)), all.files.join());
  assert.equal(page.archive, "false");
  assert.deepEqual(page.files, ["cotillion-report.html"]);
});

test("a missed threshold: the job fails with 99, and the reports are published all the same", async () => {
  const ran = await check({ suite: "suites/fails.yaml", inputs: { artifact: "of-this-job" } });
  assert.equal(ran.code, 99, ran.log);
  assert.equal(ran.outputs.result, "failed");
  assert.equal(ran.outputs["exit-code"], "99");
  assert.equal(ran.outputs["failed-thresholds"], "1");
  assert.ok(ran.uploads[0].files.includes("fails/junit.xml"));
  assert.deepEqual(ran.uploads[1].files, ["of-this-job.html"]);
  const error = commands(ran.log).find(({ name, properties }) => name === "error" && properties.includes("file=suites/fails.yaml"));
  assert.ok(error, `no annotation on the line of the suite in:\n${ran.log}`);
});

test("switched off, by false and by nothing: skipped, green, no secret needed, reports say so", async () => {
  for (const enabled of ["false", ""]) {
    const ran = await check({ suite: "suites/needs-secret.yaml", inputs: { enabled } });
    assert.equal(ran.code, 0, ran.log);
    assert.equal(ran.outputs.result, "skipped");
    assert.ok(ran.uploads[0].files.includes("needs-secret/junit.xml"));
    const junit = readFileSync(join(ran.uploads[0].path, "needs-secret/junit.xml"), "utf8");
    assert.match(junit, /<skipped/);
    assert.doesNotMatch(junit, /<failure|<error/);
  }
});

test("a secret that comes empty, as from an environment that was not named, fails loudly", async () => {
  const ran = await check({ suite: "suites/needs-secret.yaml", env: { AUCTION_PASSWORD: "" } });
  assert.equal(ran.code, 104, ran.log);
  assert.match(ran.log, /AUCTION_PASSWORD/);
});

test("several suites: all reports in one artifact, and no single page", async () => {
  const ran = await check({ suite: "suites/passes.yaml\n  suites/fails.yaml\n\n" });
  assert.equal(ran.code, 99, ran.log);
  assert.ok(["passes/report.html", "fails/report.html", "index.html"].every((file) => ran.uploads[0].files.includes(file)), ran.uploads[0].files.join());
  assert.equal(ran.uploads.length, 1);
});

test("only reports are published, whatever else lies in the folder", async () => {
  const place = workspace();
  mkdirSync(join(place, "cotillion-report/passes"), { recursive: true });
  for (const file of [".env", "passes/.env", "passes/secrets.txt", "core"]) writeFileSync(join(place, "cotillion-report", file), "TOKEN=1");
  const ran = await act(ACTION, { inputs: { suite: "suites/passes.yaml", path: BIN, args: "--quiet" }, env: environment(), workspace: place });
  assert.equal(ran.code, 0, ran.log);
  assert.ok(ran.uploads[0].files.length >= 3);
  assert.deepEqual(ran.uploads[0].files.filter((file) => /env|secrets|core/.test(file)), []);
});

test("every file that a format can write is published", async () => {
  const listed = execFileSync(BIN, ["list"], { encoding: "utf8", env: environment() });
  const reports = /^reports.*\n((?: .*\n)+)/m.exec(listed)[1];
  const names = [...reports.matchAll(/\b[a-z-]+\.(?:html|xml|json|md|txt|csv)\b/g)].map(([name]) => name);
  assert.ok(names.includes("junit.xml"), names.join());
  const place = workspace();
  mkdirSync(join(place, "cotillion-report/passes"), { recursive: true });
  for (const name of names) writeFileSync(join(place, "cotillion-report/passes", name), "left by a run");
  const ran = await act(ACTION, { inputs: { suite: "suites/passes.yaml", path: BIN, args: "--quiet" }, env: environment(), workspace: place });
  for (const name of names) assert.ok(ran.uploads[0].files.includes(`passes/${name}`), `publish.sh leaves out ${name}`);
});

test("a cancelled job: the program hears of it, and has written all reports within 7 seconds", async () => {
  const ran = await check({
    suite: "suites/passes.yaml",
    env: { LASTS: "60s" },
    signal: { step: "run", name: "SIGINT", after: 3000 },
  });
  assert.equal(ran.code, 105, ran.log);
  assert.ok(ran.steps.run.stopped < 7000, `took ${ran.steps.run.stopped} ms`);
  assert.equal(ran.outputs["exit-code"], "105");
  assert.ok(["report.html", "junit.xml", "results.json"].every((file) => ran.uploads[0].files.includes(`passes/${file}`)));
});

test("what a server says is no command in the log, nor an output", async () => {
  // What the parser finds in the bare text is what must not come through.
  assert.deepEqual([...new Set(commands(TEXT).map(({ name }) => name))], ["add-mask", "error", "set-output", "warning", "notice"]);
  const server = await hostile();
  try {
    // On GitHub, and as a server without a name of its own in our list sees it.
    for (const ci of ["github", "none"]) {
      const ran = await check({ suite: "suites/hostile.yaml", inputs: { args: `--ci ${ci}` }, env: { HOSTILE_URL: server.url } });
      assert.equal(ran.code, 112, ran.log);
      assert.match(ran.log, /PWNED/, "the test shows nothing if the log has none of what the server says");
      const harmless = new Set(["error", "warning", "notice", "group", "endgroup"]);
      // Also where commands are stopped: a log is not read by GitHub alone.
      for (const { name, properties, message } of commands(ran.log.replace(/^::stop-commands::.*$/gm, ""))) {
        assert.ok(ci === "github" && harmless.has(name) && !/PWNED/.test(properties) && !/^PWNED/.test(message), `${name} ${properties}::${message}`);
      }
      // GitHub takes an annotation for what it is, whatever it says of others.
      assert.doesNotMatch(ran.log.replace(/^::error .*$/gm, ""), /##vso\[|\u001b\[0Ksection_start/);
      assert.doesNotMatch(ran.summary, /^\s*(::|##(vso)?\[)/m);
    }
  } finally {
    server.close();
  }
});

test("inputs are words and never code", async () => {
  const place = workspace();
  const ran = await act(ACTION, {
    inputs: { suite: "suites/passes.yaml\n$(touch pwned)", path: BIN, args: "--quiet `touch pwned` ; touch pwned", enabled: "true; touch pwned" },
    env: environment(),
    workspace: place,
  });
  assert.notEqual(ran.code, 0);
  assert.ok(!existsSync(join(place, "pwned")));
});

test("an empty suite and an artifact that is no name are refused", async () => {
  const none = await check({ suite: " \n" });
  assert.equal(none.code, 2);
  assert.match(none.log, /`suite` is empty/);
  const name = await check({ suite: "suites/passes.yaml", inputs: { artifact: "../up", enabled: "false" } });
  assert.equal(name.code, 1);
  assert.match(name.log, /`artifact` is `\.\.\/up`/);
});

/** The archive of a release as ci/package makes it, once for all tests. */
let archive;
function packed() {
  if (!archive) {
    const folder = temporary("packed");
    execFileSync(join(ROOT, "ci/package"), ["0.1.0", "x86_64-unknown-linux-musl", BIN, folder], { env: environment() });
    archive = { folder, name: "cotillion-0.1.0-x86_64-unknown-linux-musl" };
  }
  return archive;
}

test("a release has the program, its completions, its man page, and a checksum that is right", () => {
  const { folder, name } = packed();
  const inside = execFileSync("tar", ["-tzf", `${name}.tar.gz`], { cwd: folder, encoding: "utf8" }).split("\n");
  const shells = ["bash", "zsh", "fish", "powershell", "elvish"].map((shell) => `completions/cotillion.${shell}`);
  for (const file of ["cotillion", "cotillion.1", "README.md", "CHANGELOG.md", "LICENSE-MIT", "LICENSE-APACHE", "suite.schema.json", ...shells]) {
    assert.ok(inside.includes(`${name}/${file}`), `${file} is missing`);
    if (!/completions|\.1$/.test(file)) continue;
    const text = execFileSync("tar", ["-xzOf", `${name}.tar.gz`, `${name}/${file}`], { cwd: folder, encoding: "utf8" });
    assert.match(text, /cotillion[^]*run/, `${file} says nothing of \`run\``);
  }
  execFileSync("sha256sum", ["--check", "--strict", `${name}.tar.gz.sha256`], { cwd: folder });
  assert.throws(() => execFileSync(join(ROOT, "ci/package"), ["9.9.9", "x", BIN, folder], { env: environment(), stdio: "pipe" }), /the release is 9\.9\.9/);
});

/** A server of releases; `sums` is what SHA256SUMS says instead of the truth. */
async function releases(sums) {
  const { folder, name } = packed();
  const server = createServer((request, response) => {
    const file = request.url.replace("/v0.1.0/", "");
    if (file === "SHA256SUMS") return response.end(sums ?? readFileSync(join(folder, `${name}.tar.gz.sha256`)));
    if (file === `${name}.tar.gz`) return response.end(readFileSync(join(folder, file)));
    response.writeHead(404).end();
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  return { url: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}

test("a release is installed if its checksum is right, and not otherwise", async () => {
  const zeros = "0".repeat(64);
  const cases = [
    { inputs: { version: "0.1.0" }, code: 0, says: /found .*cotillion-0\.1\.0.*: cotillion 0\.1\.0/ },
    { inputs: { version: "v0.1.0", sha256: zeros }, code: 1, says: /it is not what was released/ },
    { inputs: { version: "0.1.0" }, sums: `${zeros}  cotillion-0.1.0-x86_64-unknown-linux-musl.tar.gz\n`, code: 1, says: /it is not what was released/ },
    { inputs: { version: "0.1.0" }, sums: `${zeros}  another.tar.gz\n`, code: 1, says: /says nothing of/ },
    { inputs: { version: "0.2.0" }, code: 1, says: /cannot be downloaded/ },
    { inputs: { version: "0.1.0/../x" }, code: 1, says: /`version` is none/ },
    { inputs: { version: "0.1.0", from: "elsewhere" }, code: 1, says: /can be release or cargo/ },
  ];
  for (const { inputs, sums, code, says } of cases) {
    const server = await releases(sums);
    try {
      const env = { RELEASES_URL: server.url };
      const ran = await check({ suite: "suites/passes.yaml", inputs: { path: "", enabled: "false", ...inputs }, env });
      assert.equal(ran.code, code, JSON.stringify(inputs) + ran.log);
      assert.match(ran.log, says);
      if (code !== 0) assert.ok(!("run" in ran.steps), "nothing runs that was not installed");
    } finally {
      server.close();
    }
  }
});

test("the program of the runner is taken without a version, and its lack is told", async () => {
  const there = await check({ suite: "suites/passes.yaml", inputs: { path: "", enabled: "false" } });
  assert.equal(there.code, 0, there.log);
  const lacks = await check({ suite: "suites/passes.yaml", inputs: { path: "" }, env: { PATH: "/usr/bin:/bin" } });
  assert.equal(lacks.code, 1);
  assert.match(lacks.log, /no `cotillion` on this runner/);
  const wrong = await check({ suite: "suites/passes.yaml", inputs: { path: "nowhere" } });
  assert.match(wrong.log, /no program is there/);
});

test("the toggles of the workflow, the first that says anything wins", async () => {
  const cases = [
    ["auto", "", "push", "false", "", "false"],
    ["auto", "", "schedule", "false", "", "true"],
    ["auto", "", "pull_request", "true", "", "true"],
    ["auto", "", "push", "false", "1", "1"],
    ["auto", "", "push", "false", "off", "off"],
    ["true", "", "push", "false", "off", "true"],
    ["false", "", "schedule", "true", "1", "false"],
    ["", "", "schedule", "true", "1", ""],
    ["auto", "true", "workflow_dispatch", "false", "", "true"],
    ["auto", "false", "workflow_dispatch", "false", "1", "false"],
    ["true", "false", "workflow_dispatch", "false", "", "true"],
  ];
  const folder = temporary("toggle");
  for (const [ENABLED, BY_HAND, EVENT, LABELLED, VARIABLE, expected] of cases) {
    const GITHUB_OUTPUT = join(folder, "output");
    writeFileSync(GITHUB_OUTPUT, "");
    const env = environment({ ENABLED, BY_HAND, EVENT, LABELLED, VARIABLE, GITHUB_OUTPUT });
    execFileSync("bash", [join(ROOT, ".github/actions/cotillion/toggle.sh")], { env });
    assert.equal(outputs(readFileSync(GITHUB_OUTPUT, "utf8")).enabled, expected, [ENABLED, BY_HAND, EVENT, LABELLED, VARIABLE].join("|"));
  }
});

test("the runner of these tests reads outputs, commands and expressions as GitHub's does", () => {
  assert.deepEqual(outputs("a=1\nb<<END\nx=y\nz\nEND\nc=\n"), { a: "1", b: "x=y\nz", c: "" });
  assert.throws(() => outputs("nothing"), /no output/);
  assert.throws(() => outputs("a<<END\nb"), /no end/);
  const names = (log) => commands(log).map(({ name }) => name);
  assert.deepEqual(names("  ::error file=a::b\nx ::error::no\nx ##[add-mask]c\n::unknown::d"), ["error", "add-mask"]);
  assert.deepEqual(names("::stop-commands::w\n::error::a\n::v::\n::error::b\n::w::\n::notice::c"), ["stop-commands", "notice"]);
  const contexts = { inputs: { a: "x", "b-c": "" }, steps: {} };
  assert.equal(evaluate("inputs.b-c || inputs.a", contexts), "x");
  assert.equal(evaluate("always() && inputs.a != ''", contexts), true);
  assert.equal(evaluate("always() && steps.run.outputs.no-such != ''", contexts), false);
  assert.throws(() => evaluate("failure()", contexts), /does not know/);
});
