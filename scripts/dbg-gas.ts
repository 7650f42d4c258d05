const { default: hre } = await import("hardhat");
const { deployLocal } = await import("./local.js");
const { scenarios } = await import("../test/gas/scenarios.js");
import { id } from "ethers";
const key = process.argv[2];
const connection = await hre.network.create();
const world = await deployLocal(connection);
const s = scenarios.find((x) => x.key === key)!;
const orig = world.liquidator.connect.bind(world.liquidator);
const ifaces = [world.liquidator.interface, world.house.interface, ...await Promise.all(["Offsetting","Paying","Accounting","Steps","Liquidating","Deleveraging"].map(async n=>{try{return (await connection.ethers.getContractFactory(n,{} as any)).interface}catch{return undefined}}))].filter(Boolean) as any[];
const lq = world.liquidator; const alice = (await connection.ethers.getSigners())[1]!;
const { accountId, setPrice, WAD } = await import("./local.js");
const provider = connection.ethers.provider;
try { const r = await s.run(world); for (const t of [r].flat()) console.log(key, (await t.wait())!.gasUsed); } catch (e) { console.log(String(e).slice(0,600)); }
const n = await provider.getBlockNumber();
for (let b = n-12; b <= n; b++) { const blk = await provider.getBlock(b, true); for (const h of blk!.transactions) { const rc = await provider.getTransactionReceipt(h); const names = rc!.logs.map((l) => { for (const i of ifaces) { try { const p = i.parseLog(l); if (p) return p.name + "(" + p.args.map(String).join(",") + ")"; } catch {} } return l.topics[0]!.slice(0,10); }); console.log(b, blk!.timestamp, rc!.gasUsed, rc!.status, names.join(" | ").slice(0, 1500)); } }
process.exit(0);
