// What is asked of every page. A check gets a browser and a page's file, and gives back what is wrong, one sentence each.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { HtmlValidate, StaticConfigLoader } from 'html-validate';
import { summary } from './numbers.mjs';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const one = (text) => text.replace(/\u00ad/g, '').replace(/\s+/g, ' ');

// Opens a page, and notes everything that it asks the network for and every mistake of its script.
async function open(browser, file, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1200, height: 900 }, ...options });
  const page = await context.newPage();
  const wrong = [];
  const url = pathToFileURL(file).href;
  page.on('request', (request) => { if (request.url() !== url) wrong.push(`it asks for ${request.url()}`); });
  page.on('pageerror', (error) => wrong.push(`its script fails: ${error.message}`));
  page.on('console', (message) => { if (message.type() === 'error') wrong.push(`it complains: ${message.text()}`); });
  await page.goto(url);
  return { context, page, wrong };
}

async function opened(browser, file, options, look) {
  const { context, page, wrong } = await open(browser, file, options);
  try {
    return [...wrong, ...(await look(page))];
  } finally {
    await context.close();
  }
}

// Without JavaScript every summary number of results.json is in its part of the page, as a word of its own.
export async function numbers(browser, file, results) {
  return opened(browser, file, { javaScriptEnabled: false }, async (page) => {
    const wrong = [];
    if (await page.locator('.tools:visible, button:visible').count()) wrong.push('without JavaScript there are controls that do nothing');
    const texts = new Map();
    for (const [section, text] of summary(results)) {
      if (!texts.has(section)) {
        const found = page.locator(section).first();
        texts.set(section, (await found.count()) ? ` ${one(await found.innerText())} ${one(await found.textContent())} ` : '');
      }
      const at = texts.get(section).indexOf(one(text).trim());
      const alone = texts.get(section).split(one(text).trim()).length > 1 && whole(texts.get(section), one(text).trim());
      if (at < 0 || !alone) wrong.push(`${section} does not have \`${text}\``);
    }
    return wrong;
  });
}

// Is the text there with neither a digit nor a letter at its sides?
function whole(text, part) {
  for (let at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + 1)) {
    const [before, after] = [text[at - 1], text[at + part.length]];
    if (!/[\d,]/.test(before) && !/\d/.test(after)) return true;
  }
  return false;
}

// axe finds nothing, with everything unfolded. Of rows that are like those before them a dozen is looked at: axe takes a minute for
// all of an hour's run.
export async function accessible(browser, file) {
  const looks = [{ colorScheme: 'light' }, { colorScheme: 'dark' }, { colorScheme: 'light', viewport: { width: 600, height: 900 } }];
  const wrong = [];
  for (const look of looks) {
    wrong.push(...(await opened(browser, file, look, async (page) => {
      await page.evaluate(() => {
        document.querySelectorAll('details').forEach((part) => { part.open = true; });
        for (const list of document.querySelectorAll('tbody, .errors')) Array.from(list.children).slice(12).forEach((part) => part.remove());
        for (const table of document.querySelectorAll('table')) Array.from(table.tBodies).slice(12).forEach((part) => part.remove());
      });
      await page.evaluate(AXE);
      const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
      const said = (found) => `${found.id}: ${found.help}: ${found.nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(' | ')}`;
      return violations.map((found) => `${look.colorScheme}: ${said(found)}`);
    })));
  }
  return wrong;
}

// html-validate's recommended rules. Left out: how the source is laid out, and rules against what is meant here.
const RULES = {
  extends: ['html-validate:recommended'],
  rules: {
    'no-inline-style': 'off', // colours of the plan, which are data
    'doctype-style': 'off',
    'no-trailing-whitespace': 'off',
    'long-title': 'off', // names of suites are their authors'
    'no-raw-characters': ['error', { relaxed: true }],
    'prefer-native-element': 'off', // a `section` may not be a focusable region of its own
    'no-implicit-button-type': 'error',
  },
};

export async function valid(_browser, file) {
  const validator = new HtmlValidate(new StaticConfigLoader(RULES));
  const report = await validator.validateString(readFileSync(file, 'utf8'));
  const said = report.results.flatMap((result) => result.messages);
  return said.slice(0, 10).map((found) => `line ${found.line}: ${found.ruleId}: ${found.message}`);
}

// One file without the network, at every width and on paper.
export async function alone(browser, file) {
  const wrong = [];
  for (const width of [1200, 600, 360]) {
    wrong.push(...(await opened(browser, file, { viewport: { width, height: 900 }, offline: true }, async (page) => {
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      return wide > width ? [`at ${width} pixels it is ${wide} wide`] : [];
    })));
  }
  return [...wrong, ...(await opened(browser, file, {}, async (page) => {
    await page.emulateMedia({ media: 'print' });
    const shown = await page.locator('nav:visible, .tools:visible').count();
    const sheets = await page.pdf({ format: 'A4' });
    return [...(shown ? ['on paper there are controls'] : []), ...(sheets.length > 10_000 ? [] : ['nothing is printed'])];
  }))];
}

// Without style sheet and script everything is there, and no drawing is black for want of a colour.
export async function plain(browser, file) {
  const options = { javaScriptEnabled: false, viewport: { width: 1200, height: 900 } };
  return opened(browser, file, options, (page) => page.evaluate(() => {
    const wrong = [];
    document.querySelectorAll('style').forEach((style) => style.remove());
    for (const part of document.querySelectorAll('h1, h2, h3, table, figure')) {
      if (!part.closest('details') && part.getBoundingClientRect().height < 8) wrong.push(`${part.outerHTML.slice(0, 80)} is not seen`);
    }
    for (const part of document.querySelectorAll('svg path, svg rect, svg circle, svg line, svg text')) {
      const has = (name) => part.hasAttribute(name);
      const painted = part.tagName === 'line' ? has('stroke') : has('fill');
      if (!painted) wrong.push(`${part.outerHTML.slice(0, 120)} has no colour of its own`);
    }
    return wrong.slice(0, 10);
  }));
}

// Sorting a table: by numbers in their units, by text, in both directions, with the rows that belong together.
export async function sorts(browser, file) {
  return opened(browser, file, {}, (page) => page.evaluate(() => {
    const wrong = [];
    const tables = document.querySelectorAll('table.sortable');
    let sorted = 0;
    for (const table of tables) {
      const name = table.caption.textContent;
      const groups = Array.from(table.matches('.groups') ? table.tBodies : (table.tBodies[0]?.rows ?? []));
      if (groups.length < 2) continue;
      const before = groups.map((group) => group.textContent).sort();
      for (const button of table.tHead.querySelectorAll('button.sort')) {
        const heading = button.closest('th');
        const order = () => Array.from(table.matches('.groups') ? table.tBodies : table.tBodies[0].rows);
        const texts = () => order().map((group) => (group.rows ? group.rows[0] : group).cells[heading.cellIndex].firstChild?.textContent.trim() ?? '');
        button.click();
        const [direction, first] = [heading.getAttribute('aria-sort'), texts()];
        button.click();
        const [other, second] = [heading.getAttribute('aria-sort'), texts()];
        const asked = `${name}, ${heading.textContent}`;
        if (new Set([direction, other, 'ascending', 'descending']).size !== 2) wrong.push(`${asked}: it does not say how it is sorted`);
        if (table.querySelectorAll('[aria-sort]').length !== 1) wrong.push(`${asked}: sorted by several columns`);
        const values = (direction === 'ascending' ? first : second).filter((text) => /^[\d,]+$/.test(text));
        const plain = values.map((text) => Number(text.replace(/,/g, '')));
        if (plain.some((value, at) => at > 0 && value < plain[at - 1])) wrong.push(`${asked}: ${values.join(' ')} is no order`);
        const told = new Set(first.filter((text) => text !== '' && text !== '–'));
        if (told.size > 1 && first.join() === second.join()) wrong.push(`${asked}: sorting changes nothing`);
        if (order().map((group) => group.textContent).sort().join() !== before.join()) wrong.push(`${asked}: rows were torn apart`);
        sorted += 1;
      }
    }
    if (tables.length === 0 || sorted === 0) wrong.push('nothing can be sorted');
    return wrong;
  }));
}
