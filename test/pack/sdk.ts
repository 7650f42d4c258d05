import { strict as assert } from "node:assert";
import {
  AccountAboveMaintenance,
  clearingHouseAbi,
  createClient,
  decodeError,
  getAccount,
  getQuote,
  parseSize,
  type Addresses,
  type Client,
  type Quote,
} from "@ballast/sdk";
import { Lens__factory, type Lens } from "@ballast/sdk/ethers";
import { readDeployment } from "@ballast/sdk/node";
import { http } from "viem";

const address = "0x0000000000000000000000000000000000000001";
const core = { accessManager: address, clearingHouse: address, lens: address, riskConfigurator: address } as const;
const addresses: Addresses = { ...core, oracleRouter: address, exchange: address, liquidator: address };
const client = createClient({ source: { transport: http("http://127.0.0.1:9", { retryCount: 0 }) }, addresses });

async function use(): Promise<void> {
  const refused = await getQuote(client, { asset: 1, size: parseSize("1.5") }).catch(decodeError);
  assert.ok("retryable" in refused);
  assert.deepEqual([refused.name, refused.retryable], ["ChainUnreachable", true]);
  const healthy = decodeError(`0xaa45e7ad${"0".repeat(192)}`);
  assert.ok(healthy instanceof AccountAboveMaintenance);
  const equity: bigint = healthy.args.marginEquity;
  assert.equal(equity, 0n);
  assert.ok(clearingHouseAbi.length > 100);
  assert.match(Lens__factory.createInterface().getFunction("quote").selector, /^0x[0-9a-f]{8}$/);
  await assert.rejects(readDeployment("no-such-file.json"));
}

/** For its types: nobody calls it. */
export async function typed(reader: Client, lens: Lens): Promise<bigint> {
  const quote: Quote = await getQuote(reader, { asset: 1, size: parseSize("1") });
  const { legs } = await getAccount(reader, { account: 1n });
  const name: "constructor" | string = clearingHouseAbi[0].type;
  // @ts-expect-error sizes are bigint
  await getQuote(reader, { asset: 1, size: 1 });
  const rows = await lens.rows();
  return quote.price + rows.deficit + (legs[0]?.size ?? 0n) + BigInt(name.length);
}

void use();
