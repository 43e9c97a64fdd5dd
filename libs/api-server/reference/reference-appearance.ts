import { hash } from 'node:crypto';

/** Colours follow the reader's system, light or dark; nothing is loaded. */
export const STYLE = `
:root{color-scheme:light dark;--line:light-dark(#d9dde3,#30363d);--soft:light-dark(#f5f6f8,#161b22);--page:light-dark(#fff,#0d1117);--text:light-dark(#1c2128,#d7dde4);--quiet:light-dark(#57606a,#8d96a0);--link:light-dark(#0550ae,#79b8ff);--warn:light-dark(#9a3412,#fdba74)}
*{box-sizing:border-box}html{scroll-padding-top:1rem}
body{margin:0;background:var(--page);color:var(--text);font:15px/1.55 system-ui,sans-serif;display:grid;grid-template-columns:19rem minmax(0,1fr)}
a{color:var(--link);text-decoration:none}a:hover{text-decoration:underline}
nav{position:sticky;top:0;height:100vh;overflow-y:auto;padding:1rem 1.25rem;border-right:1px solid var(--line);background:var(--soft);font-size:13.5px;line-height:1.75}
nav h2{margin:1rem 0 .1rem;font-size:11px;letter-spacing:.06em;text-transform:uppercase;color:var(--quiet)}nav ul{list-style:none;margin:0;padding:0}
nav a{overflow-wrap:anywhere}.not{opacity:.6}
input{width:100%;padding:.45rem .6rem;font:inherit;color:inherit;background:var(--page);border:1px solid var(--line);border-radius:6px}
#found{margin:.25rem 0 0;min-height:1.5em;font-size:12px;color:var(--quiet)}
main{padding:1.5rem 2.5rem 5rem;max-width:72rem;min-width:0;overflow-wrap:anywhere}
h1{margin:0 0 .5rem;font-size:1.7rem}section{padding:1.25rem 0;border-top:1px solid var(--line)}section h2{margin:0 0 .5rem;font-size:1.2rem}section h2 a{color:inherit}
small{margin-left:.4rem;padding:.1rem .45rem;border:1px solid;border-radius:1rem;font-size:11px;font-weight:400;color:var(--warn);vertical-align:middle}
.route{font:13.5px/1.6 ui-monospace,monospace;overflow-wrap:anywhere}.route b{display:inline-block;min-width:4.2em;margin-right:.5em;padding:0 .4em;border-radius:4px;text-align:center;background:var(--soft);border:1px solid var(--line)}
table{border-collapse:collapse;width:100%;margin:.75rem 0;font-size:13.5px}th{font-size:12px;text-align:left;color:var(--quiet);font-weight:600}
td,th{border-bottom:1px solid var(--line);padding:.3rem .75rem .3rem 0;vertical-align:top;overflow-wrap:anywhere}td:first-child{min-width:9rem;overflow-wrap:normal}th{white-space:nowrap}table.members td:nth-child(2){white-space:nowrap;color:var(--quiet)}table.members td:nth-child(3){min-width:9rem}
code,pre{font:12.5px/1.55 ui-monospace,monospace}pre{margin:.75rem 0 0;padding:.75rem 1rem;overflow-x:auto;background:var(--soft);border:1px solid var(--line);border-radius:6px}
.need{color:var(--warn);font-weight:600}[hidden]{display:none!important}
@media(max-width:56rem){body{display:block}nav{position:static;height:auto;max-height:45vh;border-right:0;border-bottom:1px solid var(--line)}main{padding:1rem}td:first-child,table.members td:nth-child(3){min-width:0;overflow-wrap:anywhere}td,th{padding-right:.5rem}}
@media print{nav{display:none}body{display:block}}
`.trim();

/**
 * Search: shows the operations in whose name, path or members all words are. Without scripts the page is whole, and has no search box.
 */
export const SCRIPT = `
const box = document.getElementById('search'), found = document.getElementById('found');
const operations = [...document.querySelectorAll('main section[data-words]')].map((section) => ({ section, link: document.querySelector('nav a[href="#' + section.id + '"]').parentElement, words: section.dataset.words }));
const groups = [...document.querySelectorAll('nav .group')];
function search() {
  const wanted = box.value.toLowerCase().split(/\\s+/).filter(Boolean);
  let count = 0;
  for (const { section, link, words } of operations) {
    const hit = wanted.every((word) => words.includes(word));
    section.hidden = link.hidden = !hit;
    if (hit) count += 1;
  }
  for (const group of groups) group.hidden = !group.querySelector('li:not([hidden])');
  found.textContent = wanted.length === 0 ? '' : count + ' of ' + operations.length + ' operations';
}
box.hidden = false;
box.addEventListener('input', search);
addEventListener('keydown', (event) => {
  if (event.key === '/' && document.activeElement !== box) { event.preventDefault(); box.focus(); }
  if (event.key === 'Escape' && document.activeElement === box) { box.value = ''; search(); }
});
addEventListener('hashchange', () => { if (document.getElementById(location.hash.slice(1))?.hidden) { box.value = ''; search(); document.getElementById(location.hash.slice(1)).scrollIntoView(); } });
search();
`.trim();

/** Exactly the style and the script above, and nothing from elsewhere. */
export const CONTENT_SECURITY_POLICY = `default-src 'none'; style-src ${sourceOf(STYLE)}; script-src ${sourceOf(SCRIPT)}; frame-ancestors 'none'; base-uri 'none'`;

function sourceOf(text: string): string {
  return `'sha256-${hash('sha256', text, 'base64')}'`;
}
