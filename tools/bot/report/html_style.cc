// SPDX-License-Identifier: GPL-3.0-or-later
#include "tools/bot/report/html_style.h"

namespace bot {

const std::string_view kHtmlStyle = R"css(
:root { color-scheme: light dark; --page: #f7f7f5; --card: #fff; --ink: #1d1f23;
  --soft: #5d636d; --line: #dcdee2; --grid: #eceef0; --good: #14703a;
  --bad: #b3261e; --s0: #1f5fd0; --s1: #c85a00; --s2: #11805a; --s3: #8a3fb0; }
@media (prefers-color-scheme: dark) {
  :root { --page: #15171b; --card: #1d2025; --ink: #e7e9ec; --soft: #a2a9b4;
    --line: #3a3f47; --grid: #2a2e35; --good: #5fce8b; --bad: #ff8a80;
    --s0: #7fb0ff; --s1: #ffab5c; --s2: #5fd3a6; --s3: #d09bf0; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1240px; padding: 20px; background: var(--page);
  color: var(--ink); font: 15px/1.45 system-ui, "DejaVu Sans", sans-serif; }
h1 { margin: 0; font-size: 24px; overflow-wrap: anywhere; }
h2 { margin: 28px 0 10px; font-size: 17px; }
p { margin: 2px 0 0; color: var(--soft); }
.cards, .plots { display: grid; gap: 12px; margin: 16px 0; }
.cards { grid-template-columns: repeat(auto-fit, minmax(132px, 1fr)); }
.plots { grid-template-columns: repeat(auto-fit, minmax(min(460px, 100%), 1fr)); }
.cards div, figure, .table { background: var(--card); border-radius: 8px;
  border: 1px solid var(--line); }
.cards div { padding: 9px 11px; color: var(--soft); font-size: 13px; }
.cards b { display: block; color: var(--ink); font-size: 18px;
  white-space: nowrap; }
.good { color: var(--good); } .bad { color: var(--bad); }
.cards b.bad { color: var(--bad); } .cards b.good { color: var(--good); }
figure { margin: 0; padding: 10px 12px 6px; min-width: 0; }
figcaption { display: flex; flex-wrap: wrap; gap: 2px 8px; font-size: 14px;
  color: var(--soft); }
figcaption b { color: var(--ink); }
.key { display: flex; flex-wrap: wrap; gap: 0 12px; margin-left: auto; }
.key span::before { content: ""; display: inline-block; width: 14px; height: 3px;
  margin-right: 5px; vertical-align: middle; background: currentColor; }
.k0 { color: var(--s0); } .k1 { color: var(--s1); } .k2 { color: var(--s2); }
.k3 { color: var(--s3); }
svg { display: block; width: 100%; height: auto; }
svg text { font-size: 12px; fill: var(--soft); }
polyline { fill: none; stroke-width: 1.8; stroke-linejoin: round;
  vector-effect: non-scaling-stroke; }
.s0 { stroke: var(--s0); } .s1 { stroke: var(--s1); } .s2 { stroke: var(--s2); }
.s3 { stroke: var(--s3); }
.b0 { fill: var(--s0); } .b1 { fill: var(--s1); } polygon { fill-opacity: .3; }
.axis { stroke: var(--soft); } .grid { stroke: var(--grid); }
.mark { stroke: var(--soft); stroke-dasharray: 4 3; }
svg .number text { fill: var(--ink); font-weight: 600; }
.hit { fill: transparent; } .hit:hover { fill: var(--soft); fill-opacity: .2; }
.table { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
th, td { padding: 5px 10px; text-align: left; vertical-align: top; }
td { border-top: 1px solid var(--grid); white-space: nowrap; }
th { color: var(--soft); font-weight: 600; vertical-align: bottom; }
.n { text-align: right; font-variant-numeric: tabular-nums; }
td.w { white-space: normal; overflow-wrap: anywhere; min-width: 12em; width: 100%; }
th button { all: unset; cursor: pointer; font-weight: 600; }
th button:hover, th button:focus-visible { color: var(--ink);
  text-decoration: underline; }
th[aria-sort=ascending] button::after { content: " \2191"; }
th[aria-sort=descending] button::after { content: " \2193"; }
code { font: 13px "DejaVu Sans Mono", ui-monospace, monospace; }
summary { cursor: pointer; margin: 28px 0 10px; font-size: 17px;
  font-weight: 700; }
@media (max-width: 600px) {
  body { padding: 12px; } svg text { font-size: 17px; }
  th, td { padding: 5px 8px; }
}
)css";

const std::string_view kHtmlScript = R"js(
for (const button of document.querySelectorAll('th button')) {
  button.addEventListener('click', () => {
    const head = button.parentElement;
    const row = head.parentElement;
    const body = row.closest('table').tBodies[0];
    const column = [...row.cells].indexOf(head);
    const number = head.classList.contains('n');
    const now = head.getAttribute('aria-sort');
    const up = now ? now === 'descending' : !number;
    for (const cell of row.cells) cell.removeAttribute('aria-sort');
    head.setAttribute('aria-sort', up ? 'ascending' : 'descending');
    const key = (line) => line.cells[column].dataset.v ??
      line.cells[column].textContent;
    const compare = (a, b) => number ? a - b :
      a.localeCompare(b, undefined, { numeric: true });
    const lines = [...body.rows].sort((a, b) => compare(key(a), key(b)));
    body.append(...(up ? lines : lines.reverse()));
  });
}
)js";

}  // namespace bot
