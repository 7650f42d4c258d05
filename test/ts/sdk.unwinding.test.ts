// The SDK's actions that help vaults to get rid of what they took, and prices in, against a local chain.
import {
  AddressMissing,
  NothingToUnwind,
  RevertedWithoutReason,
  accountId,
  approve,
  buySpot,
  confirm,
  deposit,
  getUnwindable,
  liquidate,
  parsePrice,
  parseSize,
  parseUnits,
  unwind,
  updatePrice,
  type Client,
} from "@ballast/sdk";
import { expect } from "chai";
import { getAddress, zeroHash } from "viem";
import { POOL_TERMS, openPool } from "../../scripts/local.js";
import { rejection } from "./support/rejection.js";
import { ETH, USD, fall, openLongs, openScene, type Scene } from "./support/scene.js";

const WETH = 3;
const SPOT = { spot: WETH, amount: parseSize("2"), mostQuote: parseUnits("4000", USD) };

/** An account whose leg goes to the backstop: first a lot that nobody takes. */
async function absorb({ world, keeper }: Scene, account: bigint, asset: number): Promise<void> {
  const { client, account: to } = keeper;
  await confirm(client, await liquidate(client, { account, asset, keeper: to }));
  await world.connection.networkHelpers.time.increase(700);
  const absorbed = await liquidate(client, { account, asset, keeper: to });
  await confirm(client, absorbed);
  expect(absorbed.result.stage).to.equal("Absorb");
}

/** Buys spot and checks that tokens and quote changed hands as told. */
async function buy({ world, maker }: Scene, from: "backstopPool" | "insuranceVault"): Promise<void> {
  const { client, address } = maker;
  const seller = client.addresses[from];
  if (seller === undefined) throw new TypeError(`there is no ${from}`);
  await confirm(client, await approve(client, { amount: SPOT.mostQuote, spender: seller }));
  const before = await world.quote.balanceOf(address);
  const sent = await buySpot(client, { ...SPOT, from });
  await confirm(client, sent);
  expect(sent.result.bought).to.equal(SPOT.amount);
  expect(sent.result.paid > 0n && sent.result.paid <= SPOT.mostQuote).to.equal(true);
  expect(await world.weth.balanceOf(address)).to.equal(SPOT.amount);
  expect(await world.quote.balanceOf(address)).to.equal(before - sent.result.paid);
}

/** Spot of this trader's own, in an account. */
async function giveSpot({ world }: Scene, client: Client, account: bigint, amount: bigint): Promise<void> {
  const owner = client.wallet?.account.address;
  if (owner === undefined) throw new TypeError("nobody signs");
  await world.weth.mint(owner, amount);
  await confirm(client, await approve(client, { asset: WETH, amount }));
  await confirm(client, await deposit(client, { account, asset: WETH, amount }));
}

describe("SDK unwinding", () => {
  it("unwinds a leg of the backstop into the market's pool", async () => {
    const scene = await openScene({ backstop: "2000000" });
    const { world, keeper } = scene;
    const [whale = 0n] = await openLongs(scene, ["100"], "250");
    await fall(scene, "1805");
    await absorb(scene, whale, ETH);
    const pool = await openPool(world, 1n, parseUnits("5000000", USD));
    // After such a fall a pool would ask for every second that its price is old.
    await world.configurator.setPool(1n, { owner: await pool.getAddress(), ...POOL_TERMS, ageFactor: 0n });
    const { client } = keeper;
    const before = await getUnwindable(client, { asset: ETH });
    const sent = await unwind(client, { asset: ETH, most: before / 2n });
    await confirm(client, sent);
    expect(sent.result.size).to.equal(before / 2n);
    expect(sent.result.price < parsePrice("1805") && sent.result.price > parsePrice("1795")).to.equal(true);
    expect((await getUnwindable(client, { asset: ETH })) < before).to.equal(true);
  });

  it("buys spot of the backstop", async () => {
    const scene = await openScene({ backstop: "2000000" });
    const { trader } = scene;
    await rejection(buySpot(trader.client, { ...SPOT, from: "backstopPool" }), NothingToUnwind);
    await rejection(buySpot(trader.client, { ...SPOT, from: "insuranceVault" }), AddressMissing);
    await giveSpot(scene, trader.client, accountId(trader.address, 1n), parseSize("10"));
    const [whale = 0n] = await openLongs(scene, ["75"], "3.34");
    await fall(scene, "1835");
    await absorb(scene, whale, WETH);
    await buy(scene, "backstopPool");
  });

  it("buys spot of insurance", async () => {
    const scene = await openScene({ house: "ClearingHouseHarness", insurance: "100000" });
    const { world, trader } = scene;
    await giveSpot(scene, trader.client, trader.account, parseSize("10"));
    const { ethers } = world.connection;
    const signer = await ethers.getSigner(trader.address);
    const harness = await ethers.getContractAt("ClearingHouseHarness", await world.house.getAddress(), signer);
    await harness.giveInsurance(WETH, parseSize("10"));
    await buy(scene, "insuranceVault");
  });

  it("brings a signed price to its source", async () => {
    const { world, keeper } = await openScene({});
    const { client } = keeper;
    const { ethers, networkHelpers } = world.connection;
    const pyth = await ethers.deployContract("MockPyth", [60n, 5n]);
    const feed = zeroHash.replace(/0$/, "1");
    const deployed = await ethers.deployContract("PythSource", [pyth, feed, 100n]);
    const source = getAddress(await deployed.getAddress());
    const time = BigInt(await networkHelpers.time.latest());
    const [price, doubt] = [2_000_00000000n, 1_00000000n];
    const update = await pyth.createPriceFeedUpdateData(feed, price, doubt, -8, price, doubt, time, time - 1n);
    await networkHelpers.time.setNextBlockTimestamp(time + 1n);
    await confirm(client, await updatePrice(client, { source, updates: [update as `0x${string}`], fee: 5n }));
    expect(await deployed.latestPrice()).to.deep.equal([parsePrice("2000"), time, parsePrice("1")]);
    const other = client.addresses.lens;
    await rejection(updatePrice(client, { source: other, updates: ["0x"], fee: 1n }), RevertedWithoutReason);
  });
});
