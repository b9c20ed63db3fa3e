// node look.mjs FOLDER [PAGE]: every check on every page of the folder; FOLDER/NAME.html with FOLDER/NAME.json, its results.
// Then every check is shown pages that are broken, and must say so.

import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { broken } from './broken.mjs';
import { charts } from './charts.mjs';
import { accessible, alone, numbers, plain, sorts, valid } from './checks.mjs';

const BROWSERS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const CHECKS = { numbers, accessible, valid, alone, plain, sorts, charts };

const [, , folder, only] = process.argv;
const executablePath = BROWSERS.find(existsSync);
if (!folder || !executablePath) throw new Error('usage: node look.mjs FOLDER; and Chromium must be installed');
const results = (name) => JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8'));
const pages = readdirSync(folder).filter((file) => file.endsWith('.html')).map((file) => file.slice(0, -5)).filter((name) => !only || name === only).sort();
if (pages.length === 0) throw new Error(`${folder} has no page`);

const browser = await chromium.launch({ executablePath, args: FLAGS });
let failed = 0;
const said = (line) => { failed += 1; console.log(line); };

// What is asked of which page: what has no results, no chart or no table has nothing to ask there.
function asked(name) {
  const html = readFileSync(join(folder, `${name}.html`), 'utf8');
  const has = { numbers: existsSync(join(folder, `${name}.json`)), charts: html.includes('id="stage"') && html.includes('data-stage='), sorts: html.includes('class="sortable') };
  return Object.keys(CHECKS).filter((check) => has[check] ?? true);
}

// Two at a time: more cores are not to be counted on.
async function both(items, act) {
  const rest = items.values();
  const one = async () => { for (const item of rest) await act(item); };
  await Promise.all([one(), one()]);
}

await both(pages, async (name) => {
  const data = existsSync(join(folder, `${name}.json`)) ? results(name) : null;
  for (const check of asked(name)) {
    for (const wrong of await CHECKS[check](browser, join(folder, `${name}.html`), data)) said(`${name}: ${check}: ${wrong}`);
  }
});
for (const check of Object.keys(CHECKS)) {
  if (!pages.some((name) => asked(name).includes(check))) said(`no page was asked: ${check}`);
}

// The checks themselves.
const scratch = mkdtempSync(join(tmpdir(), 'cotillion-broken-'));
await both(broken, async ([what, from, to, check, of = 'failed']) => {
  const whole = readFileSync(join(folder, `${of}.html`), 'utf8');
  const html = whole.replace(from, to);
  if (html === whole) said(`broken page, ${what}: there is no ${from} to break`);
  const file = join(scratch, `${check}-${what.replaceAll(' ', '-')}.html`);
  writeFileSync(file, html);
  const found = await CHECKS[check](browser, file, results('failed'));
  if (found.length === 0) said(`broken page, ${what}: \`${check}\` does not see it`);
});
for (const check of Object.keys(CHECKS)) {
  if (!broken.some(([, , , by]) => by === check)) said(`no broken page is for ${check}`);
}
rmSync(scratch, { recursive: true });
await browser.close();
console.log(`${pages.length} pages, ${broken.length} broken pages, ${failed} complaints`);
process.exitCode = failed ? 1 : 0;
