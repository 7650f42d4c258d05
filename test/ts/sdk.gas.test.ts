// The gas that the SDK sends with: prices that an estimate finds latched are latched anew in the block that takes it.
import { confirm, createClient, gasLimitOf, oracleRouterAbi, withdraw, type Client } from "@ballast/sdk";
import { expect } from "chai";
import { createPublicClient, createWalletClient, custom, encodeFunctionData, http, type Hex } from "viem";
import { openHouse, type House } from "./support/house.js";
import { rejection } from "./support/rejection.js";

const USD = 10n ** 6n;
/** Seconds from an estimate to the block. */
const LATER = 120;

describe("gas that the SDK sends with", function () {
  this.timeout(120_000);
  let house: House;
  let client: Client;

  before(async () => {
    house = await openHouse({ traders: 1 });
    const { anvil, deployer, deployment } = house;
    const publicClient = createPublicClient({ transport: http(anvil.url), cacheTime: 0, pollingInterval: 10 });
    const request = async ({ method, params }: { method: string; params?: unknown }): Promise<unknown> => {
      if (method === "eth_sendTransaction") await anvil.request("evm_increaseTime", [LATER]);
      return anvil.request(method, params as readonly unknown[]);
    };
    const wallet = createWalletClient({ account: deployer, transport: custom({ request }) });
    client = createClient({ source: { publicClient }, wallet, addresses: deployment.addresses });
  });

  after(() => house.anvil.stop());

  /** Prices are latched in the second of the last block. */
  async function latch(): Promise<void> {
    const data = encodeFunctionData({ abi: oracleRouterAbi, functionName: "latch", args: [[0, 1]] });
    const call = { from: house.deployer, to: client.addresses.oracleRouter, data, gas: "0x2dc6c0" };
    const hash = (await house.anvil.request("eth_sendTransaction", [call])) as Hex;
    await client.publicClient.waitForTransactionReceipt({ hash });
  }

  it("is enough where the estimate alone is not", async () => {
    const [account = 0n] = house.traders;
    await latch();
    const sent = await withdraw(client, { account, amount: USD });
    expect((await confirm(client, sent)).status).to.equal("success");
    const { to, input, gas } = await client.publicClient.getTransaction({ hash: sent.hash });
    await latch();
    const call = { account: house.deployer, to, data: input };
    const estimate = await client.publicClient.estimateGas(call);
    expect(gas).to.be.greaterThan(estimate * 2n);
    const plain = await withdraw(client, { account, amount: USD, gas: estimate });
    await rejection(confirm(client, plain), Error);
  });

  it("is bounded by what one transaction may have", () => {
    expect(gasLimitOf(100_000n)).to.equal(382_000n);
    expect(gasLimitOf(10_000_000n)).to.equal(16_777_216n);
  });
});
