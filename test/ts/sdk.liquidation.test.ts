// Liquidations with the SDK against a local chain: every stage of the closing chain, who pays, and what vaults do.
import {
  HealthLowered,
  AccountAboveMaintenance,
  BallastError,
  GAS_PER_LIQUIDATION,
  MOST_GAS,
  BeforeCooldown,
  LotNotOver,
  PriceBeyondLimit,
  OffsetNotNext,
  accountId,
  accrue,
  approve,
  bid,
  claim,
  close,
  confirm,
  depositToVault,
  getAccount,
  getCapacities,
  getExposure,
  getInsurance,
  getLot,
  getMarket,
  getOutlook,
  getPosition,
  getQuote,
  getRequest,
  getRows,
  getRun,
  getUnwindable,
  getVault,
  isLiquidatable,
  latch,
  liquidate,
  liquidateMany,
  offset,
  open,
  ownerOf,
  parsePrice,
  parseSize,
  parseUnits,
  pay,
  requestRedeem,
  runLot,
  settle,
  shareFees,
  signOrder,
  syncVault,
  unwind,
  unwindInto,
} from "@ballast/sdk";
import { expect } from "chai";
import { getAddress, type Hash } from "viem";
import { setPrice } from "../../scripts/local.js";
import { rejection } from "./support/rejection.js";
import { ETH, LATER, USD, fall, openLongs, openScene } from "./support/scene.js";

describe("SDK liquidation", () => {
  it("reduces into the pool, says why when there is nothing to do, and reports every entry of many", async () => {
    const scene = await openScene({ pool: "5000000" });
    const { keeper } = scene;
    const { client, account: to } = keeper;
    const [one = 0n, two = 0n, safe = 0n] = await openLongs(scene, ["1", "1", "0.1"], "250");
    const healthy = await rejection(
      liquidate(client, { account: one, asset: ETH, keeper: to }),
      AccountAboveMaintenance,
    );
    expect(healthy.args.account).to.equal(one);
    await fall(scene, "1815");
    expect(await isLiquidatable(client, { account: one })).to.equal(true);
    const outlook = await getOutlook(client, { account: one, asset: ETH });
    expect(outlook).to.include({ open: true, stage: "Reduce" });
    const entries = [one, safe, two].map((account) => ({ account, asset: ETH }));
    const many = await liquidateMany(client, { entries, keeper: to });
    const receipt = await confirm(client, many);
    expect(receipt.gasUsed > 200_000n).to.equal(true);
    const gasFor = async (hash: Hash): Promise<bigint> => (await client.publicClient.getTransaction({ hash })).gas;
    expect(await gasFor(receipt.transactionHash)).to.equal(4n * GAS_PER_LIQUIDATION);
    const twice = await liquidateMany(client, { entries: [...entries, ...entries], keeper: to });
    expect(await gasFor(twice.hash)).to.equal(MOST_GAS);
    expect(many.result.map(({ error }) => error?.name)).to.deep.equal([
      undefined,
      "AccountAboveMaintenance",
      undefined,
    ]);
    expect((await getPosition(client, { account: one, asset: ETH })).size < parseSize("1")).to.equal(true);
    await rejection(offset(client, { account: one, asset: ETH, keeper: to }), OffsetNotNext);
    await confirm(client, await latch(client, { assets: [ETH] }));
    await confirm(client, await accrue(client, { assets: [ETH] }));
    await confirm(client, await settle(client, { accounts: [one, two] }));
    const { kept } = (await shareFees(client)).result;
    expect(kept > 0n).to.equal(true);
  });

  it("auctions, takes bids, runs the rest through the pool, absorbs and unwinds", async () => {
    const scene = await openScene({ pool: "500000", backstop: "2000000" });
    const { world, keeper, maker } = scene;
    const { client, account: to } = keeper;
    const [whale = 0n] = await openLongs(scene, ["100"], "250");
    await fall(scene, "1780");
    const outlook = await getOutlook(client, { account: whale, asset: ETH });
    const opened = await liquidate(client, { account: whale, asset: ETH, keeper: to });
    await confirm(client, opened);
    expect(opened.result.stage).to.equal("Auction");
    expect(["Reduce", "Auction"]).to.include(outlook.stage);
    const early = await rejection(liquidate(client, { account: whale, asset: ETH, keeper: to }), LotNotOver);
    expect(early.retryable).to.equal(true);

    await world.connection.networkHelpers.time.increase(200);
    const lot = await getLot(client, { account: whale, asset: ETH });
    expect(lot.long).to.equal(true);
    expect(lot.size > 0n).to.equal(true);
    const terms = { account: maker.account, asset: ETH, size: parseSize("100"), expiry: LATER };
    const order = await signOrder(maker.client, { ...terms, nonce: 6n, limit: parsePrice("1780") });
    const run = { account: whale, asset: ETH, most: lot.least, to };
    // The pool alone, full of what it took itself, does not pay for a run; with a maker's order it does.
    expect((await getRun(client, run)).profit <= 0n).to.equal(true);
    await rejection(runLot(client, run), HealthLowered);
    const ran = await runLot(client, { ...run, orders: [order] });
    await confirm(client, ran);
    expect(ran.result.size).to.equal(lot.least);
    expect(ran.result.profit > 0n).to.equal(true);

    const most = (await getLot(client, { account: whale, asset: ETH })).size / 2n;
    const taken = await bid(maker.client, {
      account: whale,
      asset: ETH,
      taker: maker.account,
      most,
    });
    await confirm(maker.client, taken);
    expect(taken.result.size).to.equal(most);

    await world.connection.networkHelpers.time.increase(700);
    const capacities = await getCapacities(client, { asset: ETH });
    expect(capacities.auction.inFlight > 0n).to.equal(true);
    expect(capacities.absorb.held).to.equal(0n);
    const absorbed = await liquidate(client, { account: whale, asset: ETH, keeper: to });
    await confirm(client, absorbed);
    expect((await getCapacities(client, { asset: ETH })).absorb.held > 0n).to.equal(true);

    // The pool, full of what it took itself, asks for more than the backstop may pay; a maker does not.
    const dear = await rejection(unwind(client, { asset: ETH }), PriceBeyondLimit);
    expect(dear.args.price < dear.args.limit).to.equal(true);
    const signed = await signOrder(maker.client, { ...terms, nonce: 7n, limit: parsePrice("1776") });
    const unwindable = await getUnwindable(client, { asset: ETH });
    const unwound = await unwindInto(client, { signed });
    await confirm(client, unwound);
    expect(unwound.result > 0n && unwound.result <= unwindable).to.equal(true);
  });

  it("offsets an orphan, books the deficit and pays it", async () => {
    const scene = await openScene({ insurance: "20000" });
    const { world, keeper, maker } = scene;
    const { client, account: to } = keeper;
    const [whale = 0n] = await openLongs(scene, ["100"], "210");
    await fall(scene, "1700");
    const { assessment, verdict } = await getAccount(client, { account: whale });
    expect(verdict).to.equal("FarBelow");
    expect(assessment.equity < 0n).to.equal(true);
    const exposure = await getExposure(client, { account: maker.account, asset: ETH });
    expect(exposure.closed > 0n).to.equal(true);

    let stage = "";
    for (let i = 0; i < 6 && stage !== "Offset"; i++) {
      const outlook = await getOutlook(client, { account: whale, asset: ETH });
      const act = outlook.stage === "Offset" ? offset : liquidate;
      const sent = await act(client, { account: whale, asset: ETH, keeper: to });
      await confirm(client, sent);
      stage = sent.result.stage;
      if (stage !== "Offset") await world.connection.networkHelpers.time.increase(700);
      await fall(scene, "1700");
    }
    expect(stage).to.equal("Offset");
    expect((await getPosition(client, { account: whale, asset: ETH })).size).to.equal(0n);
    const insurance = await getInsurance(client, { asset: ETH });
    expect(insurance.budget.hourUsed > 0n).to.equal(true);
    const paid = await pay(client, { asset: ETH });
    await confirm(client, paid);
    expect((await getMarket(client, { asset: ETH })).deficit).to.equal((await getRows(client)).deficit);
    const nothing = await rejection(liquidate(client, { account: whale, asset: ETH, keeper: to }), BallastError);
    expect(nothing.name).to.equal("AccountAboveMaintenance");
  });

  it("enters a pool, requests, waits and claims", async () => {
    const scene = await openScene({ pool: "100000" });
    const { world, trader } = scene;
    const { client, address } = trader;
    const pool = (await getMarket(client, { asset: ETH })).pool.owner;
    expect(ownerOf(accountId(pool))).to.equal(getAddress(pool));
    await confirm(client, await open(client, { account: trader.account, asset: ETH, size: parseSize("1") }));
    await confirm(client, await close(client, { account: trader.account, asset: ETH }));
    const assets = parseUnits("1000", USD);
    await confirm(client, await approve(client, { amount: assets, spender: pool }));
    const entered = await depositToVault(client, { vault: pool, assets });
    await confirm(client, entered);
    const vault = await getVault(client, { vault: pool });
    expect(vault.supply > entered.result).to.equal(true);
    await confirm(client, await requestRedeem(client, { vault: pool, shares: entered.result }));
    const waiting = await getRequest(client, { vault: pool, controller: address });
    expect(waiting.shares).to.equal(entered.result);
    expect(waiting.claimable).to.equal(0n);
    const early = await rejection(claim(client, { vault: pool }), BeforeCooldown);
    expect(early.args.claimableAt).to.equal(waiting.claimableAt);
    expect(early.retryable).to.equal(true);

    await world.connection.networkHelpers.time.increase(86_401);
    await setPrice(world, 1n, parsePrice("2000"));
    await confirm(client, await syncVault(client, { vault: pool }));
    const claimed = await claim(client, { vault: pool });
    await confirm(client, claimed);
    expect(claimed.result > parseUnits("990", USD)).to.equal(true);
    const { price } = await getQuote(client, { asset: ETH, size: parseSize("1") });
    expect(price > parsePrice("2000")).to.equal(true);
  });
});
