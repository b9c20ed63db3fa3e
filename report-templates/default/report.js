// An enhancement only: everything is in the page without it. It sorts tables, shows the numbers under the pointer or the
// cursor, zooms, and narrows the page to a stage.
(function () {
  'use strict';
  const UNITS = { 'µs': 1e-3, ms: 1, s: 1e3, min: 6e4, h: 3.6e6, KiB: 1024, MiB: 1048576, GiB: 1073741824 };
  const collator = new Intl.Collator('en', { numeric: true });

  // What a cell is sorted by: a number in one unit, else its text; nothing where there is none.
  function key(cell) {
    const copy = cell.cloneNode(true);
    copy.querySelectorAll('.sub, svg').forEach((part) => part.remove());
    const text = copy.textContent.trim().replace(/^</, '');
    if (text === '' || text === '–') return null;
    if (!/^[−-]?\d/.test(text)) return text;
    let sum = 0;
    for (const [, digits, unit] of text.matchAll(/([\d,.]+)\s*([^\d\s,.]*)/g)) {
      sum += Number(digits.replace(/,/g, '')) * (UNITS[unit] || 1);
    }
    return /^[−-]/.test(text) ? -sum : sum;
  }

  // What is moved: rows, or bodies where rows that belong together have one of their own.
  function partsOf(table) {
    return Array.from(table.matches('.groups') || !table.tBodies.length ? table.tBodies : table.tBodies[0].rows);
  }

  function sortBy(table, heading, column) {
    const parts = partsOf(table);
    const keyed = parts.map((part) => ({ part, key: key((part.rows ? part.rows[0] : part).cells[column]) }));
    const numbers = keyed.some((entry) => typeof entry.key === 'number');
    const before = heading.getAttribute('aria-sort');
    const falling = before ? before === 'ascending' : numbers;
    keyed.sort((a, b) => {
      if (a.key === null || b.key === null) return (a.key === null) - (b.key === null);
      const order = typeof a.key === 'number' && typeof b.key === 'number' ? a.key - b.key : collator.compare(a.key, b.key);
      return falling ? -order : order;
    });
    heading.parentNode.querySelectorAll('[aria-sort]').forEach((other) => other.removeAttribute('aria-sort'));
    heading.setAttribute('aria-sort', falling ? 'descending' : 'ascending');
    keyed.forEach((entry) => entry.part.parentNode.appendChild(entry.part));
  }

  document.querySelectorAll('table.sortable').forEach((table) => {
    if (partsOf(table).length < 2) return;
    Array.from(table.tHead.rows[0].cells).forEach((heading, column) => {
      if (heading.tagName !== 'TH' || heading.matches('.unsorted')) return;
      const button = document.createElement('button');
      button.type = 'button';
      button.className = 'sort';
      button.append(...heading.childNodes);
      heading.append(button);
      button.addEventListener('click', () => sortBy(table, heading, column));
    });
  });

  const table = document.getElementById('numbers');
  const plots = document.querySelector('.plots');
  const tools = document.querySelector('.tools');
  if (!table || !plots || !tools) return;
  const rows = table.tBodies[0].rows;
  const count = rows.length;
  const seconds = Number(table.dataset.seconds);
  const names = Array.from(table.tHead.rows[0].cells, (cell) => cell.dataset.cell);
  const words = Array.from(table.tHead.rows[0].cells, (cell) => cell.textContent);
  const stages = document.getElementById('stage');
  const LEAST = Math.min(4, count);
  let view = { from: 0, to: count };
  let at = -1;
  let drag = null;

  function element(parent, name, attributes) {
    const made = document.createElementNS('http://www.w3.org/2000/svg', name);
    Object.entries(attributes).forEach(([attribute, value]) => made.setAttribute(attribute, value));
    return parent.appendChild(made);
  }

  const figures = Array.from(plots.querySelectorAll('figure:not(.stages)'), (figure) => {
    const plot = figure.querySelector('.plot');
    const data = figure.querySelector('.data');
    const high = data.getAttribute('height');
    const selection = element(plot, 'rect', { class: 'selection', y: 0, height: high, visibility: 'hidden' });
    const cursor = element(plot, 'line', { class: 'cursor', y1: 0, y2: high, visibility: 'hidden' });
    const box = data.viewBox.baseVal;
    return { figure, plot, data, cursor, selection, wide: box.width / count, ticks: [], y: Number(high) + 18 };
  });
  const percent = (place) => place * 100 + '%';
  // Where a column begins in what is shown, from 0 to 1.
  const placed = (column) => (column - view.from) / (view.to - view.from);

  function clock(second) {
    const two = (number) => String(number).padStart(2, '0');
    const [hours, minutes] = [Math.floor(second / 3600), Math.floor(second / 60) % 60];
    return hours ? hours + ':' + two(minutes) + ':' + two(second % 60) : minutes + ':' + two(second % 60);
  }

  // Round times, at most nine of them.
  function times(from, to) {
    const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400];
    const step = steps.find((step) => (to - from) / step <= 8) || Math.ceil((to - from) / 8);
    const found = [];
    for (let second = Math.ceil(from / step) * step; second <= to; second += step) found.push(second);
    return found;
  }

  function axis(part, whole) {
    part.ticks.forEach((tick) => tick.remove());
    part.ticks = [];
    part.plot.querySelectorAll('.time').forEach((text) => text.setAttribute('visibility', whole ? 'visible' : 'hidden'));
    if (whole) return;
    part.ticks = times(view.from * seconds, view.to * seconds).map((second) => {
      const place = placed(second / seconds);
      const anchor = place < 0.03 ? 'start' : place > 0.97 ? 'end' : 'middle';
      const text = element(part.plot, 'text', { class: 'axis', x: percent(place), y: part.y, 'text-anchor': anchor });
      text.textContent = clock(second);
      return text;
    });
  }

  function show(index) {
    at = index;
    const row = rows[index];
    figures.forEach((part) => {
      part.cursor.setAttribute('visibility', row ? 'visible' : 'hidden');
      if (row) {
        part.cursor.setAttribute('x1', percent(placed(index + 0.5)));
        part.cursor.setAttribute('x2', percent(placed(index + 0.5)));
      }
      part.figure.querySelector('.now').textContent = row ? row.cells[0].textContent : '';
      part.figure.querySelectorAll('[data-cell]').forEach((value) => {
        value.textContent = row ? ' ' + row.cells[names.indexOf(value.dataset.cell)].textContent : '';
      });
    });
  }

  // Shows these columns, all of them where they are none.
  function zoom(from, to) {
    const length = Math.max(LEAST, Math.min(count, Math.round(to - from)));
    from = Math.max(0, Math.min(count - length, Math.round(from)));
    view = { from, to: from + length };
    const whole = length === count;
    figures.forEach((part) => {
      part.data.setAttribute('viewBox', [from * part.wide, 0, length * part.wide, 1000].join(' '));
      axis(part, whole);
      part.plot.querySelectorAll('line[data-at]').forEach((line) => {
        const place = placed(line.dataset.at * count);
        line.setAttribute('visibility', place >= 0 && place <= 1 ? 'visible' : 'hidden');
        line.setAttribute('x1', percent(place));
        line.setAttribute('x2', percent(place));
      });
    });
    plots.querySelectorAll('.span').forEach((span) => {
      const [left, right] = [span.dataset.from, span.dataset.to].map((place) => Math.max(0, Math.min(1, placed(place * count))));
      span.setAttribute('x', percent(left));
      span.setAttribute('width', percent(right - left));
    });
    Array.from(rows).forEach((row, index) => { row.hidden = index < view.from || index >= view.to; });
    const part = clock(view.from * seconds) + ' to ' + clock(view.to * seconds);
    document.getElementById('shown').textContent = whole ? '' : part + ' of ' + clock(count * seconds);
    tools.querySelector('[data-do=in]').disabled = length <= LEAST;
    ['out', 'all'].forEach((name) => { tools.querySelector('[data-do=' + name + ']').disabled = whole; });
    tools.querySelector('[data-do=earlier]').disabled = view.from === 0;
    tools.querySelector('[data-do=later]').disabled = view.to === count;
    show(at >= view.from && at < view.to ? at : -1);
  }

  // The thresholds of other stages are none of this one's business.
  function narrow(stage) {
    document.querySelectorAll('tr[data-stage]').forEach((row) => { row.hidden = stage !== '' && row.dataset.stage !== stage; });
  }

  function act(name) {
    const [length, middle] = [view.to - view.from, at < 0 ? (view.from + view.to) / 2 : at + 0.5];
    if (name === 'in') zoom(middle - length / 4, middle + length / 4);
    if (name === 'out') zoom(middle - length, middle + length);
    if (name === 'earlier') zoom(view.from - length / 2, view.to - length / 2);
    if (name === 'later') zoom(view.from + length / 2, view.to + length / 2);
    if (name === 'all') {
      if (stages) stages.value = '';
      narrow('');
      zoom(0, count);
    }
  }

  tools.hidden = false;
  tools.addEventListener('click', (event) => { if (event.target.dataset.do) act(event.target.dataset.do); });
  if (stages) {
    stages.addEventListener('change', () => {
      const stage = stages.selectedOptions[0].dataset;
      narrow(stages.value);
      if (stage.from) zoom(Math.floor(stage.from * count + 1e-3), Math.ceil(stage.to * count - 1e-3));
      else zoom(0, count);
    });
  }

  // The place of the pointer among the columns; nothing outside of the charts.
  function column(event) {
    const figure = event.target.closest && event.target.closest('figure:not(.stages)');
    if (!figure && !drag) return null;
    const box = figures[0].data.getBoundingClientRect();
    const place = (event.clientX - box.left) / box.width;
    if (!drag && (place < 0 || place >= 1)) return null;
    return view.from + Math.max(0, Math.min(1, place)) * (view.to - view.from);
  }

  function select(from, to) {
    figures.forEach((part) => {
      part.selection.setAttribute('visibility', from === to ? 'hidden' : 'visible');
      part.selection.setAttribute('x', percent(placed(Math.min(from, to))));
      part.selection.setAttribute('width', percent(Math.abs(to - from) / (view.to - view.from)));
    });
  }

  plots.addEventListener('pointerdown', (event) => {
    const place = event.button === 0 && event.pointerType !== 'touch' ? column(event) : null;
    if (place === null) return;
    event.preventDefault();
    plots.focus({ preventScroll: true });
    drag = { from: place, x: event.clientX };
  });
  window.addEventListener('pointermove', (event) => {
    if (drag) select(drag.from, column(event));
    else if (!plots.contains(event.target)) return;
    const place = column(event);
    show(place === null ? -1 : Math.min(view.to - 1, Math.floor(place)));
  });
  window.addEventListener('pointerup', (event) => {
    if (!drag) return;
    const [from, to, far] = [drag.from, column(event), Math.abs(event.clientX - drag.x)];
    drag = null;
    select(0, 0);
    if (far > 6) zoom(Math.floor(Math.min(from, to)), Math.ceil(Math.max(from, to)));
  });
  plots.addEventListener('pointerleave', () => { if (!drag) show(-1); });
  plots.addEventListener('dblclick', () => act('all'));
  plots.tabIndex = 0;
  plots.addEventListener('keydown', (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const named = { '+': 'in', '=': 'in', '-': 'out', 0: 'all', Home: 'earlier', End: 'later', Escape: 'all' }[event.key];
    if (event.ctrlKey || event.metaKey || event.altKey || (!step && !named)) return;
    event.preventDefault();
    if (named) act(named);
    if (event.key === 'Escape') show(-1);
    if (!step) return;
    show(at < 0 ? (step > 0 ? view.from : view.to - 1) : Math.max(view.from, Math.min(view.to - 1, at + step)));
    const cells = Array.from(rows[at].cells, (cell, index) => (index ? words[index] + ' ' : '') + cell.textContent);
    document.getElementById('read').textContent = cells.join(', ');
  });
  // Paper has the whole run.
  window.addEventListener('beforeprint', () => act('all'));
  zoom(0, count);
})();
