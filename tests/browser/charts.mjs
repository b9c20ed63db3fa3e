// What the charts do with JavaScript: values under the pointer and under the cursor, zoom by every means, the stage filter.

import { pathToFileURL } from 'node:url';

const state = (page) => page.evaluate(() => {
  const data = document.querySelector('.plots figure:not(.stages) .data');
  const rows = Array.from(document.getElementById('numbers').tBodies[0].rows);
  return {
    box: data.getAttribute('viewBox').split(' ').map(Number),
    boxes: new Set(Array.from(document.querySelectorAll('.plots .data'), (part) => part.getAttribute('viewBox'))).size,
    columns: rows.length,
    shown: rows.filter((row) => !row.hidden).length,
    first: rows.findIndex((row) => !row.hidden),
    said: document.getElementById('shown').textContent,
    times: Array.from(document.querySelectorAll('.plots figure:nth-of-type(2) text.axis[text-anchor]'))
      .filter((text) => text.getAttribute('visibility') !== 'hidden').map((text) => text.textContent).join(' '),
    now: document.querySelector('.plots .now').textContent,
    users: document.querySelector('.plots b[data-cell=users]').textContent.trim(),
    cursor: document.querySelector('.plots .cursor').getAttribute('visibility'),
    read: document.getElementById('read').textContent,
  };
});

export async function charts(browser, file) {
  const page = await browser.newPage({ viewport: { width: 1200, height: 900 } });
  const wrong = [];
  page.on('pageerror', (error) => wrong.push(`its script fails: ${error.message}`));
  const expect = (holds, said) => { if (!holds) wrong.push(said); };
  try {
    page.setDefaultTimeout(5_000);
    await page.goto(pathToFileURL(file).href);
    const plot = page.locator('.plots figure:not(.stages) .data').first();
    await plot.scrollIntoViewIfNeeded();
    let box = await plot.boundingBox();
    const at = (share) => [box.x + box.width * share, box.y + box.height / 2];
    const start = await state(page);
    const cell = (row, name) => page.evaluate(([row, name]) => {
      const table = document.getElementById('numbers');
      const column = table.tHead.querySelector(`[data-cell=${name}]`).cellIndex;
      return table.tBodies[0].rows[row].cells[column].textContent;
    }, [row, name]);

    await page.mouse.move(...at(0.5));
    const middle = Math.floor(start.columns / 2);
    let now = await state(page);
    expect(now.now === (await cell(middle, 'time')), `hover: the time is \`${now.now}\``);
    expect(now.users === (await cell(middle, 'users')), `hover: \`${now.users}\` users`);
    expect(now.cursor === 'visible', 'hover: no cursor');
    await page.mouse.move(5, 5);
    now = await state(page);
    expect(now.now === '' && now.cursor === 'hidden', 'hover: it stays when the pointer has gone');

    await page.locator('.plots').focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    now = await state(page);
    expect(now.now === (await cell(1, 'time')), `keys: the cursor is at \`${now.now}\``);
    expect(now.read.includes(`users ${await cell(1, 'users')}`), `keys: it reads \`${now.read}\``);
    await page.keyboard.press('Escape');

    await page.getByRole('button', { name: 'Zoom in' }).click();
    now = await state(page);
    expect(Math.abs(now.shown - start.columns / 2) <= 1 && now.first > 0, `zoom in: ${now.shown} columns from ${now.first}`);
    expect(Math.abs(now.box[2] - start.box[2] / 2) <= 10 && now.boxes === 1, `zoom in: the charts show ${now.box}`);
    expect(now.said.includes(' of '), `zoom in: it says \`${now.said}\``);
    expect(now.times !== start.times, 'zoom in: the times stay');
    const before = now.first;
    await page.getByRole('button', { name: 'Later' }).click();
    expect((await state(page)).first > before, 'later: nothing moves');
    await page.getByRole('button', { name: 'Whole run' }).click();
    now = await state(page);
    expect(now.shown === start.columns && now.times === start.times && now.said === '', 'whole run: not as before');

    await plot.scrollIntoViewIfNeeded();
    box = await plot.boundingBox();
    await page.mouse.move(...at(0.2));
    await page.mouse.down();
    await page.mouse.move(...at(0.3));
    await page.mouse.move(...at(0.4));
    await page.mouse.up();
    now = await state(page);
    const [from, to] = [Math.floor(0.2 * start.columns), Math.ceil(0.4 * start.columns)];
    expect(Math.abs(now.first - from) <= 1 && Math.abs(now.first + now.shown - to) <= 1, `drag: columns ${now.first} to ${now.first + now.shown}`);
    await page.mouse.dblclick(...at(0.5));
    expect((await state(page)).shown === start.columns, 'double click: not the whole run');

    const stages = await page.locator('#stage option[data-from]').evaluateAll((all) => all.map((one) => [one.index, one.value, one.dataset.from, one.dataset.to]));
    expect(stages.length > 1, 'no stages to choose from');
    for (const [index, name, from, to] of stages) {
      await page.locator('#stage').selectOption({ index });
      now = await state(page);
      expect(Math.abs(now.first - from * start.columns) <= 4 && Math.abs(now.shown - (to - from) * start.columns) <= 4, `stage ${name}: ${now.shown} columns from ${now.first}`);
      const others = await page.locator('tr[data-stage]').evaluateAll((rows, name) => rows.filter((row) => row.hidden !== (row.dataset.stage !== name)).length, name);
      expect(others === 0, `stage ${name}: thresholds of other stages are shown, or its own are not`);
    }
    expect((await page.locator('tr[data-stage]').count()) > 0, 'no threshold is of a stage');
    await page.locator('#stage').selectOption({ index: 0 });
    expect((await state(page)).shown === start.columns, 'all stages: not the whole run');
    expect((await page.locator('tr[data-stage][hidden]').count()) === 0, 'all stages: thresholds are hidden');
  } catch (error) {
    wrong.push(error.message.split('\n')[0]);
  } finally {
    await page.close();
  }
  return wrong;
}
