// An enhancement only: shows the numbers under the pointer in the legends. Everything is in the page without it.
(function () {
  var table = document.getElementById('numbers');
  var plots = document.querySelector('.plots');
  if (!table || !plots) return;
  var rows = table.tBodies[0].rows;
  var names = Array.prototype.map.call(table.tHead.rows[0].cells, function (cell) { return cell.dataset.cell; });
  var figures = Array.prototype.map.call(plots.querySelectorAll('figure:not(.stages)'), function (figure) {
    var plot = figure.querySelector('.plot');
    var cursor = document.createElementNS(plot.namespaceURI, 'line');
    cursor.setAttribute('class', 'cursor');
    cursor.setAttribute('y2', plot.getAttribute('height'));
    cursor.setAttribute('visibility', 'hidden');
    plot.appendChild(cursor);
    return { figure: figure, cursor: cursor };
  });
  var at = -1;
  function show(index) {
    at = index;
    var row = rows[index];
    figures.forEach(function (part) {
      part.cursor.setAttribute('visibility', row ? 'visible' : 'hidden');
      if (row) {
        var x = (index + 0.5) / rows.length * 100 + '%';
        part.cursor.setAttribute('x1', x);
        part.cursor.setAttribute('x2', x);
      }
      part.figure.querySelector('.now').textContent = row ? row.cells[0].textContent : '';
      part.figure.querySelectorAll('[data-cell]').forEach(function (value) {
        var column = names.indexOf(value.dataset.cell);
        value.textContent = row ? ' ' + row.cells[column].textContent : '';
      });
    });
  }
  plots.addEventListener('pointermove', function (event) {
    var chart = event.target.closest('figure:not(.stages)');
    var box = chart && chart.querySelector('.data').getBoundingClientRect();
    var place = box ? (event.clientX - box.left) / box.width : -1;
    show(place >= 0 && place < 1 ? Math.floor(place * rows.length) : -1);
  });
  plots.addEventListener('pointerleave', function () { show(-1); });
  plots.tabIndex = 0;
  plots.addEventListener('keydown', function (event) {
    var step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (event.key === 'Escape') show(-1);
    if (!step) return;
    event.preventDefault();
    show(Math.max(0, Math.min(rows.length - 1, at + step)));
  });
})();
