// A small runner of composite actions: reads action.yml and does what GitHub's runner does with it, as far as our action uses it.
// `if`, expressions, GITHUB_* files, the order of steps after a failure, and what a log line would command. `uses` steps are
// not run; what they would get is written down.

import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";

import { parse } from "yaml";

import { temporary } from "./place.mjs";

/** The value of an expression: `inputs.x`, `steps.x.outputs.y`, `&&`, `||`, `==`, `!=`, strings and `always()` are known. */
export function evaluate(expression, contexts) {
  const code = expression.replace(/'[^']*'|[a-z_]+\(\)|[a-z_]+(\.[A-Za-z_][\w-]*)+/g, (part) => {
    if (part.startsWith("'")) return JSON.stringify(part.slice(1, -1));
    if (part === "always()") return "true";
    if (part.endsWith("()")) throw new Error(`the runner does not know ${part}`);
    const value = part.split(".").reduce((at, key) => at?.[key], contexts);
    return JSON.stringify(value ?? "");
  });
  return Function(`"use strict"; return (${code});`)();
}

/** A text with all of its `${{ }}` put in. */
export function fill(text, contexts) {
  return String(text).replace(/\$\{\{(.*?)\}\}/g, (_, expression) => String(evaluate(expression.trim(), contexts)));
}

/** `$GITHUB_OUTPUT` as the runner reads it: `name=value`, or `name<<END`, lines, `END`. Throws where the runner fails the step. */
export function outputs(text) {
  const found = {};
  const lines = text.split("\n");
  for (let at = 0; at < lines.length; at += 1) {
    if (lines[at] === "") continue;
    const heredoc = /^([^=]+?)<<(.+)$/.exec(lines[at]);
    if (heredoc) {
      const end = lines.indexOf(heredoc[2], at + 1);
      if (end < 0) throw new Error(`no end of ${heredoc[1]}`);
      found[heredoc[1]] = lines.slice(at + 1, end).join("\n");
      at = end;
      continue;
    }
    const equals = lines[at].indexOf("=");
    if (equals < 1) throw new Error(`no output: ${lines[at]}`);
    found[lines[at].slice(0, equals)] = lines[at].slice(equals + 1);
  }
  return found;
}

const COMMANDS = "error|warning|notice|debug|group|endgroup|add-mask|stop-commands|set-output|save-state|set-env|add-path|add-matcher|echo";

/**
 * The commands in a log, as the runner takes them: `::name …::` at the head of a line, and the old `##[name …]` anywhere in it.
 * Between `::stop-commands::WORD` and `::WORD::` it takes none.
 */
export function commands(log) {
  const found = [];
  let deaf;
  for (const line of log.split(/\r\n|\n|\r/)) {
    if (deaf !== undefined) {
      if (line.trim() === `::${deaf}::`) deaf = undefined;
      continue;
    }
    const match =
      new RegExp(`^\\s*::(${COMMANDS})(?: (.*?))?::(.*)$`, "i").exec(line) ??
      new RegExp(`##\\[(${COMMANDS})(?: (.*?))?\\](.*)$`, "i").exec(line);
    if (!match) continue;
    const name = match[1].toLowerCase();
    if (name === "stop-commands") deaf = match[3];
    found.push({ name, properties: match[2] ?? "", message: match[3] });
  }
  return found;
}

/** All files below a folder, by their path in it. */
export function files(folder) {
  if (!existsSync(folder)) return [];
  if (statSync(folder).isFile()) return [folder.split("/").pop()];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath ?? entry.path, entry.name)))
    .sort();
}

/** A command of a step, in a group of its own; `signal` is sent to its first process only, as a runner does that cancels. */
function run(file, env, workspace, signal) {
  return new Promise((done) => {
    const child = spawn("bash", ["--noprofile", "--norc", "-eo", "pipefail", file], { cwd: workspace, env });
    let log = "";
    let began;
    const hear = (data) => {
      log += data;
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    if (signal) {
      setTimeout(() => {
        began = performance.now();
        child.kill(signal.name);
      }, signal.after);
    }
    child.on("close", (code) => done({ code, log, stopped: began && performance.now() - began }));
  });
}

/**
 * Runs the action. `given` has `inputs`, `env` (of the job), `workspace`, and `signal` ({ step, name, after in ms }).
 * Gives `code` (of the first step that failed, else 0), `log`, `outputs`, `summary`, `uploads`, the `steps` and the `workspace`.
 */
export async function act(action, given) {
  const { inputs: declared, outputs: promised, runs } = parse(readFileSync(join(action, "action.yml"), "utf8"));
  for (const name of Object.keys(given.inputs)) {
    if (!(name in declared)) throw new Error(`the action has no input ${name}`);
  }
  const inputs = Object.fromEntries(Object.entries(declared).map(([name, { default: value = "" }]) => [name, given.inputs[name] ?? value]));
  const temp = temporary("runner");
  const summaryFile = join(temp, "summary");
  writeFileSync(summaryFile, "");
  mkdirSync(join(temp, "temp"));
  const contexts = { inputs, steps: {}, github: { repository: "team/project", action_repository: "" } };
  const result = { code: 0, log: "", workspace: given.workspace, uploads: [], steps: {}, temp };
  for (const [number, step] of runs.steps.entries()) {
    const condition = step.if ?? "true";
    if (result.code !== 0 && !condition.includes("always()")) continue;
    if (!evaluate(condition, contexts)) continue;
    const outputFile = join(temp, `output-${number}`);
    writeFileSync(outputFile, "");
    let code = 0;
    if (step.run) {
      const script = join(temp, `step-${number}.sh`);
      writeFileSync(script, fill(step.run, contexts));
      const env = {
        ...given.env,
        ...Object.fromEntries(Object.entries(step.env ?? {}).map(([name, value]) => [name, fill(value, contexts)])),
        CI: "true",
        GITHUB_ACTIONS: "true",
        GITHUB_ACTION_PATH: action,
        GITHUB_OUTPUT: outputFile,
        GITHUB_STEP_SUMMARY: summaryFile,
        GITHUB_WORKSPACE: given.workspace,
        RUNNER_OS: "Linux",
        RUNNER_ARCH: "X64",
        RUNNER_TEMP: join(temp, "temp"),
      };
      const ran = await run(script, env, given.workspace, given.signal?.step === step.id ? given.signal : undefined);
      code = ran.code;
      result.log += ran.log;
      result.steps[step.id ?? step.name] = ran;
    } else {
      const upload = Object.fromEntries(Object.entries(step.with).map(([name, value]) => [name, fill(value, contexts)]));
      result.uploads.push({ ...upload, files: files(upload.path) });
      writeFileSync(outputFile, `artifact-url=https://github.example/artifacts/${result.uploads.length}\n`);
    }
    if (step.id) contexts.steps[step.id] = { outputs: outputs(readFileSync(outputFile, "utf8")) };
    if (code !== 0 && result.code === 0) result.code = code;
  }
  result.summary = readFileSync(summaryFile, "utf8");
  result.outputs = Object.fromEntries(Object.entries(promised).map(([name, { value }]) => [name, fill(value, contexts)]));
  return result;
}
