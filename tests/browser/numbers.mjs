// How reports write numbers, said once more and independently of the program, so that one checks the other.

const thousands = (value) => value.toLocaleString('en-US', { maximumFractionDigits: 0 });

export const count = (value) => thousands(value);

export function share(value) {
  const percent = value * 100;
  const shown = percent > 99.99 && percent < 100 ? 99.99 : percent > 0 && percent < 0.01 ? 0.01 : percent;
  return `${Number(shown.toFixed(2))} %`;
}

export function ms(value) {
  if (value === 0) return '0 ms';
  if (value >= 99_950) return `${thousands(Math.round(value / 1000))} s`;
  if (value >= 9_995) return `${(value / 1000).toFixed(1)} s`;
  if (value >= 999.5) return `${(value / 1000).toFixed(2)} s`;
  if (value >= 99.95) return `${value.toFixed(0)} ms`;
  if (value >= 9.995) return `${value.toFixed(1)} ms`;
  return `${value.toFixed(2)} ms`;
}

// Every number and word that sums a run up, as pairs: the section that must have it, and its text.
export function summary(results) {
  const { verdict, run, totals } = results;
  const found = [];
  const add = (section, ...texts) => texts.forEach((text) => found.push([section, text]));
  add('header', verdict.sentence, verdict.status.toUpperCase(), verdict.validity.replace('_', ' ').toUpperCase(), run.id, run.target, ...verdict.reasons);
  add('#run', String(run.seed), run.version, run.target, run.machine, run.started, String(run.workers), results.suite.file, ...run.overrides);
  const actions = ['planned', 'ok', 'rejected', 'failed', 'timeout', 'disconnected', 'unfinished', 'sent', 'acks', 'late_answers'];
  add('#actions', ...actions.map((name) => count(totals[name])));
  for (const name of Object.keys(totals).filter((name) => name.startsWith('not_sent'))) add('#actions', count(totals[name]));
  if (totals.rejected > 0) {
    for (const name of Object.keys(totals).filter((name) => name.startsWith('rejected_'))) add('#actions', count(totals[name]));
  }
  const connections = ['connect_attempts', 'connections', 'connect_failures', 'disconnects', 'reconnects', 'logins', 'login_failures', 'received_events'];
  add('#connections', ...connections.map((name) => count(totals[name])));
  for (const row of results.thresholds) {
    add('#thresholds', row.metric, row.limit, row.observed_text, count(row.samples), `${row.file}:${row.line}`);
    if (['broken', 'no_data'].includes(row.result)) add('#failures', row.name, `${row.file}:${row.line}`);
  }
  for (const row of results.invariants) {
    add('#invariants', row.name, count(row.held), count(row.broken), count(row.undecided), `${row.file}:${row.line}`);
    if (['broken', 'no_data'].includes(row.result)) add('#failures', row.name, row.found_text, `${row.file}:${row.line}`);
  }
  for (const row of results.checks) {
    add('#checks', row.name, row.detail);
    if (['false', 'error'].includes(row.result)) add('#failures', row.name, `${results.suite.file}:${row.line}`);
  }
  for (const row of results.scenarios) {
    add('#actions', row.name, count(row.users), count(row.totals.planned), count(row.totals.ok));
    if (row.success_rate !== null) add('#actions', share(row.success_rate));
  }
  for (const row of results.deliveries) {
    const counts = ['expected', 'in_time', 'late', 'missing', 'duplicate', 'out_of_order', 'leaked', 'ambiguous'];
    add('#deliveries', row.event, ...counts.map((name) => count(row[name])));
    if (row.rate !== null) add('#deliveries', share(row.rate));
    if (row.latency) add('#deliveries', ms(row.latency.p50_ms), ms(row.latency.p95_ms), ms(row.latency.p99_ms), ms(row.latency.max_ms));
  }
  for (const row of results.latencies) {
    const places = ['min_ms', 'avg_ms', 'p50_ms', 'p90_ms', 'p95_ms', 'p99_ms', 'p99_9_ms', 'max_ms'];
    add('#latency', row.metric, count(row.count), ...places.map((name) => ms(row[name])));
  }
  for (const row of results.metrics) {
    add('#run', row.name);
    if (row.value !== null && row.unit === 'share') add('#run', share(row.value));
    if (row.value !== null && row.unit === 'count') add('#run', count(row.value));
  }
  for (const row of results.errors) add('#errors', row.kind, count(row.count));
  add('#plan', results.plan.proof.sentence, count(results.plan.totals.users), count(results.plan.totals.resources));
  return found.filter(([, text]) => text !== '');
}
