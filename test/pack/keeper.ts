import { strict as assert } from "node:assert";
import { COSTS, gasCost, openStore, Watch, type Lease } from "@ballast/keeper";
import { WAD } from "@ballast/math";
import { Ledger, type Deployment } from "@ballast/mirror";

const address = "0x0000000000000000000000000000000000000001";
const contracts = { clearingHouse: address, oracle: address, liquidator: address, vaults: [] };
const deployment: Deployment = { chainId: 1, ...contracts, quoteDecimals: 6, fromBlock: 0 };

async function use(): Promise<void> {
  const store = await openStore(":memory:");
  const lease: Lease | undefined = await store.claim("wallet", "one", 10_000);
  assert.notEqual(lease, undefined);
  assert.equal(await store.claim("wallet", "two", 10_000), undefined);
  await store.close();
  const watch = new Watch(new Ledger(deployment));
  assert.deepEqual(watch.liquidatable(), []);
  const cost: bigint = gasCost({ ...COSTS, gasPrice: 10n ** 9n, nativePrice: 2_000n * WAD }, 1_000_000n);
  assert.equal(cost, 2n * WAD);
  // @ts-expect-error accounts are bigint
  assert.equal(watch.standingOf("nobody"), undefined);
}

void use();
