import { readFileSync, readdirSync } from "node:fs";
process.env["HARDHAT_BUILD_PROFILE"] = "production";
const { default: hre } = await import("hardhat");
const { deployLocal } = await import("./local.js");
const { scenarios } = await import("../test/gas/scenarios.js");
await hre.tasks.getTask("build").run({ noTests: true, quiet: true });
const connection = await hre.network.create();
const world = await deployLocal(connection);
const s = scenarios.find((x: any) => x.key === process.argv[2])!;
const receipt = await (await s.run(world)).wait();
const t: any = await connection.provider.request({ method: "debug_traceTransaction", params: [receipt!.hash, { disableMemory: true, disableStorage: true }] });
// bytecodes
const dir = "artifacts/build-info";
const infos: any[] = [];
for (const f of readdirSync(dir)) if (f.endsWith(".output.json")) {
  const out = JSON.parse(readFileSync(`${dir}/${f}`, "utf8")).output;
  const inp = JSON.parse(readFileSync(`${dir}/${f.replace(".output", "")}`, "utf8")).input;
  const ids: Record<number, string> = {};
  for (const [p, v] of Object.entries<any>(out.sources)) ids[v.id] = p;
  for (const [p, cs] of Object.entries<any>(out.contracts)) for (const [n, c] of Object.entries<any>(cs)) {
    const b = c.evm?.deployedBytecode; if (!b?.object || !b.sourceMap) continue;
    infos.push({ n, obj: b.object, map: b.sourceMap, ids, src: inp.sources });
  }
}
const cache: Record<string, any> = {};
async function prep(addr: string) {
  if (cache[addr]) return cache[addr];
  const code = ((await connection.provider.request({ method: "eth_getCode", params: ["0x" + addr, "latest"] })) as string).slice(2);
  const norm = (o: string) => o.replace(/__\$.{34}\$__/g, "0".repeat(40));
  const cands = infos.filter((i) => i.obj.length === code.length);
  let best: any = null, bs = -1;
  for (const i of cands) { const o = norm(i.obj); let k = 0; for (let j = 0; j < o.length; j += 2) if (o[j] === code[j]) k++; if (k > bs) { bs = k; best = i; } }
  if (!best) return (cache[addr] = { n: "?", pc: {} });
  const pcToIdx: Record<number, number> = {}; let idx = 0;
  for (let p = 0; p * 2 < code.length; idx++) { pcToIdx[p] = idx; const op = parseInt(code.slice(p * 2, p * 2 + 2), 16); p += op >= 0x60 && op <= 0x7f ? op - 0x5e : 1; }
  const m: [number, number, number][] = []; let a = 0, l = 0, f = 0;
  for (const e of best.map.split(";")) { const q = e.split(":"); if (q[0]) a = +q[0]; if (q[1]) l = +q[1]; if (q[2]) f = +q[2]; m.push([a, l, f]); }
  return (cache[addr] = { n: best.n, pc: pcToIdx, m, ids: best.ids, src: best.src });
}
function fnOf(info: any, e: [number, number, number]) {
  const path = info.ids[e[2]]; if (!path) return "gen";
  const src: string = (info.src[path] ?? {}).content ?? ""; const before = Buffer.from(src).subarray(0, e[0] + 1).toString();
  const k = before.lastIndexOf("function "); const name = k < 0 ? "top" : (before.slice(k + 9).match(/^\w+/) ?? ["?"])[0];
  const line = before.split("\n").length;
  return `${path.split("/").pop()}:${name}:${process.argv[3] ? line : ""}`;
}
const logs = t.structLogs; const stack: string[] = [receipt!.to!.slice(2).toLowerCase()];
let lastKey = "";
const agg: Record<string, number> = {};
const cls: Record<string, number> = {}; const ops: string[] = []; const cnt: Record<string, number> = {};
for (let i = 0; i < logs.length; i++) {
  const l = logs[i], n = logs[i + 1];
  while (stack.length > l.depth) stack.pop();
  if (/CALL|CREATE/.test(l.op) && n && n.depth > l.depth) { cls[l.op]=(cls[l.op]??0)+100; cnt[l.op]=(cnt[l.op]??0)+1; stack.push(l.stack[l.stack.length - 2].replace(/^0x/, "").padStart(40, "0").slice(-40)); continue; }
  if (/SLOAD|SSTORE|LOG|TLOAD|TSTORE/.test(l.op)) { cls[l.op] = (cls[l.op] ?? 0) + l.gasCost; cnt[l.op] = (cnt[l.op] ?? 0) + 1; if (!/TLOAD|TSTORE/.test(l.op)) { const pi = await prep(stack[stack.length - 1]!); const ie = pi.m?.[pi.pc[l.pc]]; ops.push(`${String(l.gasCost).padStart(6)} ${l.op} ${pi.n} ${ie ? fnOf(pi, ie) : ""} ${l.op[0] === "S" ? l.stack[l.stack.length - 1].slice(-8) : ""}`);} continue; }
  cls["compute"] = (cls["compute"] ?? 0) + (/CALL/.test(l.op) ? 0 : l.gasCost);
  const info = await prep(stack[stack.length - 1]!); if (info.n === "?") continue;
  const e = info.m[info.pc[l.pc]]; if (!e) continue;
  let key = info.n + " " + fnOf(info, e);
  if (key.includes(":top:") || key.endsWith("gen")) key = lastKey.startsWith(info.n+" ") ? lastKey + " (gen)" : info.n + " entry (gen)"; else lastKey = key; agg[key] = (agg[key] ?? 0) + l.gasCost;
}
for (const [k, v] of Object.entries(agg).sort((x, y) => y[1] - x[1]).filter(([k]) => k.startsWith(process.argv[4] ?? "")).slice(0, 60)) console.log(String(v).padStart(6), k);
console.log(receipt!.gasUsed, JSON.stringify(cls), JSON.stringify(cnt)); if (process.argv[5]) console.log(ops.join("\n"));
process.exit(0);
