// Three wallets trade over a local chain as they would anywhere: they sign typed data, somebody brings the orders
// together, triggers fire, positions are closed and everything is paid out.
import { expect } from "chai";
import { network } from "hardhat";
import {
  FEES,
  INSURANCE,
  QUOTE,
  WAD,
  accountId,
  deployLocal,
  fund,
  openPool,
  setPrice,
  type World,
} from "../../scripts/local.js";
import { Condition, signOrder } from "../../scripts/orders.js";

const ETH = 1n;
const UNIT = 1_000_000n;
const LATER = 2n ** 40n;
const MAX = 2n ** 256n - 1n;

async function openMarket() {
  const world = await deployLocal(await network.create());
  const [, alice, bob, carol] = await world.connection.ethers.getSigners();
  if (alice === undefined || bob === undefined || carol === undefined) throw new TypeError("too few signers");
  const pool = await openPool(world, ETH, 5_000_000n * UNIT);
  return { world, pool, alice, bob, carol };
}

const sizeOf = async (world: World, account: bigint): Promise<bigint> =>
  (await world.house.previewPosition(account, ETH)).size;

describe("Trading", () => {
  it("signs, fills, triggers and settles with three wallets", async () => {
    const { world, pool, alice, bob, carol } = await openMarket();
    const { exchange, house, lens, quote } = world;
    const [a, b, k] = [alice, bob, carol].map((signer) => accountId(signer.address)) as [bigint, bigint, bigint];
    await fund(world, alice, a, 1_000n * UNIT);
    await fund(world, bob, b, 1_000n * UNIT);

    // Carol brings a resting order of Bob and one of Alice together and gets both tips.
    const offer = await signOrder(world, bob, {
      account: b,
      asset: ETH,
      size: -3n * WAD,
      limit: 2_000n * WAD,
      tip: WAD,
    });
    const wish = await signOrder(world, alice, {
      account: a,
      asset: ETH,
      size: 2n * WAD,
      limit: 2_010n * WAD,
      tip: WAD,
    });
    await exchange.connect(carol).matchOrders({ maker: offer, taker: wish, size: MAX }, k);
    expect(await sizeOf(world, a)).to.equal(2n * WAD);
    expect(await sizeOf(world, b)).to.equal(-2n * WAD);
    expect(await house.cashOf(k)).to.equal(WAD + (2n * WAD) / 3n);
    // 4,000 at 2 and at 5 basis points.
    expect(await house.cashOf(FEES)).to.equal((4_000n * WAD * 700n) / 1_000_000n);

    // Alice takes the rest of Bob's order herself.
    await exchange.connect(alice).fill(offer, a, MAX, WAD, LATER);
    expect(await sizeOf(world, a)).to.equal(3n * WAD);
    await expect(exchange.connect(alice).fill(offer, a, MAX, 1n, LATER)).to.be.revertedWithCustomError(
      exchange,
      "OrderDone",
    );

    // A stop-loss and a take-profit under one nonce; the price falls, the stop fires, the other is gone.
    const exit = { account: a, asset: ETH, size: -3n * WAD, nonce: 7n, reduceOnly: true, tip: WAD / 2n };
    const stop = await signOrder(world, alice, {
      ...exit,
      limit: 1_800n * WAD,
      condition: Condition.MarkAtMost,
      level: 1_900n * WAD,
    });
    const profit = await signOrder(world, alice, {
      ...exit,
      limit: 2_200n * WAD,
      condition: Condition.MarkAtLeast,
      level: 2_200n * WAD,
    });
    await expect(exchange.connect(carol).execute(stop, k)).to.be.revertedWithCustomError(exchange, "ConditionNotMet");
    await setPrice(world, ETH, 1_890n * WAD);
    const tips = await house.cashOf(k);
    await exchange.connect(carol).execute(stop, k);
    expect(await sizeOf(world, a)).to.equal(0n);
    expect((await house.cashOf(k)) - tips).to.equal(WAD / 2n);
    await setPrice(world, ETH, 2_250n * WAD);
    await expect(exchange.connect(carol).execute(profit, k)).to.be.revertedWithCustomError(exchange, "OrderDone");

    // Bob's short suffers; his standing order deleverages him to a health of 2 before anybody liquidates him.
    const { health } = await lens.account(b);
    const guard = await signOrder(world, bob, {
      account: b,
      asset: ETH,
      size: 3n * WAD,
      limit: 2_400n * WAD,
      nonce: 8n,
      condition: Condition.HealthBelow,
      level: 2n * WAD,
      target: 2n * WAD,
      tip: WAD / 2n,
    });
    expect(health).to.be.lessThan(2n * WAD);
    await exchange.connect(carol).execute(guard, k);
    expect((await lens.account(b)).health).to.be.greaterThanOrEqual(2n * WAD);
    expect(await sizeOf(world, b)).to.be.lessThan(0n);

    // Everybody closes and takes everything out; Bob in one call.
    await house.connect(bob).setOperator(exchange, true);
    const close = { account: b, asset: ETH, size: 10n * WAD, limit: MAX, reduceOnly: true, deadline: LATER };
    await exchange
      .connect(bob)
      .multicall([
        exchange.interface.encodeFunctionData("trade", [close]),
        exchange.interface.encodeFunctionData("withdraw", [b, QUOTE, MAX]),
      ]);
    for (const [signer, account] of [
      [alice, a],
      [carol, k],
    ] as const) {
      const { amount } = await lens.withdrawable(account, QUOTE);
      await house.connect(signer).withdraw(account, QUOTE, amount, signer.address);
    }
    for (const account of [a, b, k]) expect(await house.cashOf(account)).to.be.lessThan(10n ** 12n);
    expect((await house.perpOf(ETH)).openInterest).to.equal(0n);

    // What they did not get stands with the pool, in the fees and in the dust: nothing is missing.
    const fees = await house.cashOf(FEES);
    await house.shareFees();
    // Nothing is open: the fund needs nothing, and all of it is the treasury's.
    expect(await house.cashOf(INSURANCE)).to.equal(0n);
    expect(await house.cashOf(1n)).to.equal(fees);
    const poolCash = await house.cashOf(await pool.account());
    expect(poolCash).to.be.greaterThan(5_000_000n * WAD);
    const rows = [a, b, k, INSURANCE, 1n, 3n].map((row) => house.cashOf(row));
    const total = (await Promise.all(rows)).reduce((sum, cash) => sum + cash, poolCash);
    const { held } = await house.reserveOf(QUOTE);
    expect(held - total).to.be.within(-10n, 10n);
    expect(await quote.balanceOf(house)).to.equal(held / 10n ** 12n);
  });

  it("opens an isolated position in one transaction of a wallet that only has tokens", async () => {
    const { world, alice } = await openMarket();
    const { exchange, house, quote } = world;
    const account = accountId(alice.address, 5n);
    await quote.mint(alice, 500n * UNIT);
    const spender = await exchange.getAddress();
    const domain = {
      name: "USD Coin",
      version: "1",
      chainId: (await world.connection.ethers.provider.getNetwork()).chainId,
      verifyingContract: await quote.getAddress(),
    };
    const types = {
      Permit: ["owner:address", "spender:address", "value:uint256", "nonce:uint256", "deadline:uint256"].map(
        (field) => {
          const [name = "", type = ""] = field.split(":");
          return { name, type };
        },
      ),
    };
    const permit = { owner: alice.address, spender, value: 500n * UNIT, nonce: 0n, deadline: LATER };
    const { r, s, v } = world.connection.ethers.Signature.from(await alice.signTypedData(domain, types, permit));
    const trade = { account, asset: ETH, size: WAD, limit: 2_010n * WAD, reduceOnly: false, deadline: LATER };
    const encode = exchange.interface.encodeFunctionData.bind(exchange.interface);
    await exchange
      .connect(alice)
      .multicall([
        encode("permit", [await quote.getAddress(), 500n * UNIT, LATER, v, r, s]),
        encode("deposit", [account, QUOTE, 500n * UNIT]),
        encode("trade", [trade]),
      ]);
    expect(await sizeOf(world, account)).to.equal(WAD);
    expect(await quote.balanceOf(alice)).to.equal(0n);
    expect(await house.legsOf(accountId(alice.address))).to.deep.equal([]);
  });

  it("skips what cannot be filled and says why", async () => {
    const { world, alice, bob, carol } = await openMarket();
    const { exchange } = world;
    const [a, b, k] = [alice, bob, carol].map((signer) => accountId(signer.address)) as [bigint, bigint, bigint];
    await fund(world, alice, a, 1_000n * UNIT);
    await fund(world, bob, b, 1_000n * UNIT);
    const terms = { asset: ETH, limit: 2_000n * WAD };
    const maker = await signOrder(world, bob, { ...terms, account: b, size: -WAD });
    const taker = await signOrder(world, alice, { ...terms, account: a, size: WAD });
    const late = await signOrder(world, alice, { ...terms, account: a, size: WAD, expiry: 1n, nonce: 1n });
    const pairs = [late, taker, taker].map((order) => ({ maker, taker: order, size: MAX }));
    const reasons = await exchange.connect(carol).matchBatch.staticCall(pairs, k);
    await exchange.connect(carol).matchBatch(pairs, k);
    const names = reasons.map((reason) => (reason === "0x" ? "" : exchange.interface.parseError(reason)?.name));
    expect(names).to.deep.equal(["OrderExpired", "", "OrderDone"]);
    expect(await sizeOf(world, a)).to.equal(WAD);
  });
});
