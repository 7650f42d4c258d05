// How the page of a report looks, on light and on dark, from a telephone to a wide screen.

export const STYLE = `
:root { color-scheme: light dark;
  --page: #f6f7f9; --card: #fff; --ink: #1b222c; --soft: #5d6878; --line: #d9dee6; --band: #1b222c0d; --good: #1a7f4b; --bad: #c62f3b;
  --blue: #3b6fb6; --teal: #2a9d8f; --amber: #d98e04; --red: #cf3f45; --violet: #7b5ea7; --grey: #8591a3; }
@media (prefers-color-scheme: dark) { :root {
  --page: #11151b; --card: #1a2029; --ink: #e6eaf0; --soft: #97a3b4; --line: #303947; --band: #ffffff0d; --good: #4cc38a; --bad: #ff6b72;
  --blue: #6fa3e8; --teal: #4fc4b5; --amber: #f0b03f; --red: #f0686d; --violet: #ae90dc; --grey: #7d899a; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif; }
main { max-width: 1080px; margin: 0 auto; padding: 28px 20px 60px; }
h1 { font-size: 28px; line-height: 1.2; margin: 0; letter-spacing: -.01em; } h2 { font-size: 18px; margin: 40px 0 4px; }
.what { color: var(--soft); font-size: 17px; margin: 4px 0 16px; } .note { color: var(--soft); font-size: 14px; margin: 0 0 14px; max-width: 70ch; }
.verdict { display: inline-flex; gap: 8px; align-items: baseline; padding: 6px 14px; border-radius: 20px; font-weight: 600; color: #fff; background: #1a7f4b; }
.verdict.broken { background: #c62f3b; } .facts { color: var(--soft); font-size: 13px; overflow-wrap: anywhere; }
.tiles { display: grid; grid-template-columns: repeat(4, 1fr); gap: 12px; margin: 20px 0 0; padding: 0; list-style: none; }
.tiles li, .card, figure, .chain li, .laws li { background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
.tiles li { padding: 12px 14px; } .tiles b { display: block; font-size: 24px; line-height: 1.2; font-variant-numeric: tabular-nums; } .tiles span { color: var(--soft); font-size: 13px; }
.two { display: grid; grid-template-columns: 1fr 1fr; gap: 14px; }
figure { margin: 14px 0 0; padding: 14px 16px 12px; min-width: 0; } figcaption { font-weight: 600; } figcaption small { color: var(--soft); font-weight: 400; margin-left: 8px; }
.key { margin: 2px 0 0; font-size: 13px; color: var(--soft); } .key span { margin-right: 14px; white-space: nowrap; } .key i { display: inline-block; width: 10px; height: 10px; border-radius: 2px; margin-right: 5px; }
.plot { position: relative; height: 220px; margin: 22px 6px 24px 50px; } .plot svg { position: absolute; inset: 0; width: 100%; height: 100%; overflow: visible; }
.plot span { position: absolute; font-size: 12px; color: var(--soft); white-space: nowrap; line-height: 1; font-variant-numeric: tabular-nums; }
.plot .value { right: calc(100% + 8px); transform: translateY(50%); } .plot .time { top: calc(100% + 8px); transform: translateX(-50%); }
.plot .phase { bottom: calc(100% + 5px); text-align: center; overflow: hidden; text-overflow: ellipsis; } .plot .phase.small { visibility: hidden; }
.plot .moment { top: 4px; writing-mode: vertical-rl; margin-left: 3px; }
.line { fill: none; stroke-width: 2; stroke-linejoin: round; vector-effect: non-scaling-stroke; }
.grid, .zero, line.moment { stroke: var(--line); stroke-width: 1; vector-effect: non-scaling-stroke; } .zero { stroke: var(--soft); } line.moment { stroke: var(--soft); stroke-dasharray: 3 3; } .band { fill: var(--band); }
.chain { display: grid; grid-template-columns: repeat(4, 1fr); gap: 22px; margin: 10px 0 18px; padding: 0; list-style: none; }
.chain li { position: relative; padding: 12px 14px 14px; } .chain li + li::before { content: "→"; position: absolute; left: -19px; top: 50%; transform: translateY(-50%); color: var(--soft); }
.chain h3 { margin: 0; font-size: 14px; } .chain b { display: block; font-size: 22px; line-height: 1.3; font-variant-numeric: tabular-nums; } .chain p { margin: 0; color: var(--soft); font-size: 13px; line-height: 1.4; }
.chain .idle { opacity: .55; } .part { height: 6px; border-radius: 3px; background: var(--line); margin: 6px 0 8px; overflow: hidden; } .part i { display: block; height: 100%; }
.card { padding: 14px 16px; margin-top: 14px; } .stack { display: flex; height: 26px; border-radius: 6px; overflow: hidden; background: var(--line); margin-bottom: 10px; }
.rows { display: grid; grid-template-columns: auto 1fr auto auto; gap: 6px 14px; align-items: center; font-variant-numeric: tabular-nums; } .rows i { width: 11px; height: 11px; border-radius: 2px; } .rows b { text-align: right; font-weight: 600; } .rows span:nth-child(4n) { color: var(--soft); text-align: right; }
.gains { display: grid; grid-template-columns: minmax(110px, auto) 1fr minmax(80px, auto); gap: 7px 12px; align-items: center; } .gains b { text-align: right; font-weight: 600; font-variant-numeric: tabular-nums; }
.gains div { position: relative; height: 14px; border-left: 1px solid transparent; background: linear-gradient(var(--soft), var(--soft)) 50% 0 / 1px 100% no-repeat; } .gains div i { position: absolute; top: 0; bottom: 0; min-width: 1px; border-radius: 2px; }
.laws { display: grid; grid-template-columns: repeat(auto-fill, minmax(290px, 1fr)); gap: 10px; margin: 12px 0 0; padding: 0; list-style: none; } .laws li { padding: 9px 12px; font-size: 14px; line-height: 1.4; }
.laws b { margin-right: 6px; } .laws .held b::before { content: "✓ "; color: var(--good); } .laws .failed { border-color: var(--bad); } .laws .failed b::before { content: "✗ "; color: var(--bad); } .laws .none b::before { content: "– "; color: var(--soft); } .laws small { color: var(--soft); display: block; overflow-wrap: anywhere; }
.wide { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: 14px; }
th, td { border-bottom: 1px solid var(--line); padding: 6px 10px 6px 0; text-align: right; vertical-align: top; } tr:last-child td { border-bottom: 0; } th { color: var(--soft); font-weight: 500; }
th:first-child, td:first-child, .text td, .text th { text-align: left; } td { font-variant-numeric: tabular-nums; } details summary { cursor: pointer; font-weight: 600; }
@media (max-width: 760px) { .tiles { grid-template-columns: 1fr 1fr; } .two, .chain { grid-template-columns: minmax(0, 1fr); } .chain li + li::before { content: "↓"; left: 50%; top: -21px; transform: translateX(-50%); } }
@media (max-width: 520px) { main { padding: 18px 12px 40px; } h1 { font-size: 24px; } .tiles { gap: 8px; } .tiles b { font-size: 20px; }
  figure { padding: 12px 10px 8px; } .plot { margin-left: 44px; height: 190px; } .plot .time:nth-of-type(2n) { visibility: hidden; } .laws { grid-template-columns: minmax(0, 1fr); } .gains { grid-template-columns: 92px 1fr 76px; font-size: 13px; } .rows { gap: 6px 9px; font-size: 14px; } }`;
