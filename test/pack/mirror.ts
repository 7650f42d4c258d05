import { strict as assert } from "node:assert";
import { fingerprint, HttpRpc, Ledger, ledgerOf, linesOf, Mirror, RpcSource, type Deployment } from "@ballast/mirror";

const address = "0x0000000000000000000000000000000000000001";
const contracts = { clearingHouse: address, oracle: address, liquidator: address, vaults: [] };
const deployment: Deployment = { chainId: 1, ...contracts, quoteDecimals: 6, fromBlock: 0 };
const ledger = new Ledger(deployment);

async function use(): Promise<void> {
  const stored = await ledgerOf(linesOf(ledger), deployment, "memory");
  assert.equal(fingerprint(stored), fingerprint(ledger));
  assert.deepEqual([...ledger.accounts()], []);
  assert.equal(ledger.cashOf(2n), 0n);
  const mirror = await Mirror.open(deployment, new RpcSource(new HttpRpc(["http://127.0.0.1:9"])));
  assert.deepEqual(mirror.ledger.perps, []);
  // @ts-expect-error accounts are bigint
  assert.throws(() => ledger.cashOf(null), TypeError);
}

void use();
