// Rebuilds a deployment from its logs, compares itself with the chain, and says what every block changes.
//   npx tsx packages/mirror/examples/watch.ts http://127.0.0.1:8545 deployment.json
import { readFileSync } from "node:fs";
import { FileStore, HttpRpc, Mirror, RpcSource, verify, type Deployment } from "@ballast/mirror";

const [urls = "http://127.0.0.1:8545", file = "deployment.json"] = process.argv.slice(2);
const deployment = JSON.parse(readFileSync(file, "utf8")) as Deployment;

const rpc = new HttpRpc(urls.split(","));
const mirror = await Mirror.open(deployment, new RpcSource(rpc), {
  store: new FileStore("mirror.snapshot"),
  onProgress: ({ block, head, logs }) => console.error(`block ${block} of ${head}, ${logs} logs`),
  onTrouble: (error) => console.error(error.message),
});
await mirror.catchUp();

const { ledger } = mirror;
for (const asset of ledger.perps) {
  const { openInterest, fundingIndex } = ledger.markets.of(asset);
  console.log(
    `perp ${asset}: mark ${ledger.prices.markOf(asset)}, open interest ${openInterest}, funding ${fundingIndex}`,
  );
}
for (const account of ledger.accounts()) {
  if (ledger.legsOf(account).length > 0) console.log(`account ${account}: equity ${ledger.equityOf(account)}`);
}

const { compared, differences } = await verify(ledger, rpc, { sample: 100 });
console.log(`${compared} numbers compared with the chain, ${differences.length} differ`);

const stop = new AbortController();
process.once("SIGINT", () => stop.abort());
for await (const change of mirror.follow(stop.signal)) {
  if (change.kind === "undone") console.log(`block ${change.block.number} is not of this chain any more`);
  else
    console.log(
      `block ${change.header.number}: ${change.touched.map(({ table, key }) => `${table} ${key}`).join(", ")}`,
    );
}
