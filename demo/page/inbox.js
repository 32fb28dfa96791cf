// The inbox works without this file. With it, new messages appear automatically, and keyboard shortcuts work.
'use strict';

const $ = (id) => document.getElementById(id);
const rows = $('rows');
let title = document.title;
let unseen = 0;

function listen() {
  const { last, member } = document.body.dataset;
  const events = new EventSource('/events?after=' + last + '&member=' + encodeURIComponent(member));
  events.addEventListener('clock', (e) => { $('clock').textContent = e.data; });
  events.addEventListener('mail', (e) => arrive(JSON.parse(e.data)));
  events.addEventListener('open', () => document.body.classList.remove('lost'));
  events.addEventListener('error', () => document.body.classList.add('lost'));
}

// arrive adds a row to the top of the list. The server has escaped it.
function arrive(html) {
  const scrolled = rows.scrollTop;
  rows.insertAdjacentHTML('afterbegin', html);
  const row = rows.firstElementChild;
  row.classList.add('new');
  if (scrolled > 0) rows.scrollTop = scrolled + row.offsetHeight;
  addMember(row.dataset.to, row.querySelector('.who').textContent);
  while (rows.children.length > document.body.dataset.kept) rows.lastElementChild.remove();
  $('count').textContent = rows.children.length;
  $('plural').hidden = rows.children.length === 1;
  $('news').textContent = 'New email to ' + row.querySelector('.who').textContent;
  if (document.hidden) document.title = '(' + (++unseen) + ') ' + title;
}

// addMember adds a member to the filter who had no messages when the page was loaded.
function addMember(address, name) {
  const options = [...$('member').options];
  if (options.some((o) => o.value === address)) return;
  const next = options.slice(1).find((o) => o.text.localeCompare(name) > 0);
  $('member').add(new Option(name, address), next);
}

document.addEventListener('visibilitychange', () => {
  if (!document.hidden) { unseen = 0; document.title = title; }
});

// show opens a message without reloading the list.
async function show(url) {
  const answer = await fetch(url);
  if (!answer.ok) { location.href = url; return; }
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
  const look = ['phone', 'flip'].filter((id) => $(id)?.checked);
  $('mail').replaceChildren(...page.getElementById('mail').childNodes);
  for (const id of look) if ($(id)) $(id).checked = true;
  document.body.classList.toggle('reading', page.body.classList.contains('reading'));
  history.pushState(null, '', url);
  title = document.title = page.title;
  mark(page.querySelector('#rows .current')?.dataset.id);
}

function mark(id) {
  for (const row of rows.children) {
    const current = row.dataset.id === id;
    row.classList.toggle('current', current);
    if (current) { row.classList.remove('new'); row.firstElementChild.setAttribute('aria-current', 'page'); }
    else row.firstElementChild.removeAttribute('aria-current');
    if (current) row.scrollIntoView({ block: 'nearest' });
  }
}

document.addEventListener('click', (e) => {
  const link = e.target.closest('#rows a, .tabs a:not(.eml)');
  if (!link || e.button || e.ctrlKey || e.metaKey || e.shiftKey || e.altKey) return;
  e.preventDefault();
  show(link.href);
});
addEventListener('popstate', () => location.reload());

$('member').addEventListener('change', (e) => e.target.form.submit());
$('apply').hidden = true;

function step(by) {
  const all = [...rows.children];
  const at = all.findIndex((row) => row.classList.contains('current'));
  const next = all[at < 0 ? 0 : Math.min(Math.max(at + by, 0), all.length - 1)];
  if (next) show(next.firstElementChild.href);
}

const tab = (as) => document.querySelector('.tabs a[href*="as=' + as + '"]')?.click();
const keys = {
  j: () => step(1), k: () => step(-1),
  h: () => tab('html'), t: () => tab('text'), s: () => tab('source'),
  m: () => $('member').focus(),
  u: () => { const { member } = document.body.dataset; location.href = '/' + (member && '?member=' + encodeURIComponent(member)); },
};
document.addEventListener('keydown', (e) => {
  if (e.ctrlKey || e.metaKey || e.altKey || e.target.matches('select, input')) return;
  if (keys[e.key]) { e.preventDefault(); keys[e.key](); }
});

listen();
