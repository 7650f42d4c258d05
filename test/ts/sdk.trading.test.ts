// The actions of the SDK against a local chain: money in and out, the pool, signed orders, one transaction for everything.
import {
  DeadlineInPast,
  InsufficientCash,
  InsufficientMargin,
  NO_REQUIREMENT,
  NotAnAccount,
  NothingToReduce,
  OrderDone,
  OutOfRange,
  PriceBeyondLimit,
  RecipientNotOwner,
  WalletMissing,
  accountId,
  approve,
  cancel,
  cancelBelow,
  close,
  confirm,
  createClient,
  deposit,
  depositWithPermit,
  exchangeCalls,
  executeBatch,
  executeOrder,
  fillOrder,
  formatAccount,
  getAccount,
  getFillable,
  getHealth,
  getLiquidationPrice,
  getMarket,
  getOrder,
  getPosition,
  getQuote,
  getReserve,
  getRows,
  getWithdrawable,
  hashOrder,
  listAssets,
  matchBatch,
  matchOrders,
  multicall,
  open,
  parseAccount,
  parseCash,
  parsePrice,
  parseSize,
  parseUnits,
  setOperator,
  signOrder,
  signPermit,
  timeOf,
  transferCash,
  withdraw,
  type Client,
} from "@ballast/sdk";
import { expect } from "chai";
import { network } from "hardhat";
import { addressesOf, tradersOf, type Trader } from "../../scripts/clients.js";
import { deployLocal, openPool, setPrice, type World } from "../../scripts/local.js";
import { rejection } from "./support/rejection.js";

const ETH = 1;
const WETH = 3;
const USD = 6;
/** What a second of funding may move. */
const STEP = parseUnits("0.00001", 18);
const LATER = 2n ** 40n;

async function openWorld() {
  const world = await deployLocal(await network.create());
  await openPool(world, 1n, parseUnits("5000000", USD));
  const traders = await tradersOf(world, 3, await addressesOf(world));
  for (const { address } of traders) await world.quote.mint(address, parseUnits("100000", USD));
  return { world, traders: traders as [Trader, Trader, Trader] };
}

async function fundAll(traders: readonly Trader[], amount: string): Promise<void> {
  for (const { client, account } of traders) {
    await confirm(client, await approve(client, { amount: parseUnits("1000000", USD) }));
    await confirm(client, await deposit(client, { account, amount: parseUnits(amount, USD) }));
  }
}

const cashOf = async (client: Client, account: bigint): Promise<bigint> => (await getAccount(client, { account })).cash;

describe("SDK trading", () => {
  let world: World;
  let alice: Trader, bob: Trader, carol: Trader;

  before(async () => {
    const opened = await openWorld();
    ({ world } = opened);
    [alice, bob, carol] = opened.traders;
    await fundAll(opened.traders, "1000");
  });

  /** What the ledger says of an account when a feed says so; as if nothing had happened afterwards. */
  async function verdictAt(account: bigint, asset: number, mark: bigint): Promise<string> {
    const { networkHelpers } = world.connection;
    const before = await networkHelpers.takeSnapshot();
    await setPrice(world, BigInt(asset), mark);
    const { verdict } = await getAccount(bob.client, { account });
    await before.restore();
    return verdict;
  }

  it("reads a market, its reserve and the list of assets", async () => {
    const { client } = alice;
    const market = await getMarket(client, { asset: ETH });
    expect(market).to.include({ kind: "Perp", state: "Active", hold: "None", deficit: 0n });
    expect(market.price).to.include({ mark: parsePrice("2000"), status: "Fresh" });
    expect(market.pool.halfSpread).to.equal(500);
    expect(await listAssets(client, { fromBlock: 0n })).to.deep.equal([1, 2, 3]);
    const { decimals, held } = await getReserve(client, {});
    expect(decimals).to.equal(USD);
    expect((await getRows(client)).quoteHeld).to.equal(held);
    expect(await getHealth(client, { account: alice.account })).to.equal(NO_REQUIREMENT);
  });

  it("opens at what the quote says, to the wei, and closes all of it", async () => {
    const { client, account } = alice;
    const size = parseSize("1.234567");
    // From here on the age of the price costs the most it may, whatever second the trade lands in.
    await world.connection.networkHelpers.time.increase(7_200);
    const quote = await getQuote(client, { asset: ETH, size });
    const before = await cashOf(client, account);
    const opened = await open(client, { account, asset: ETH, size });
    await confirm(client, opened);
    expect(opened.result).to.deep.equal({ size, price: quote.price });
    expect((await cashOf(client, account)) - before).to.equal(quote.cash);
    const position = await getPosition(client, { account, asset: ETH });
    expect(position.size).to.equal(size);

    const closed = await close(client, { account, asset: ETH });
    await confirm(client, closed);
    expect(closed.result.size).to.equal(-size);
    const gone = await rejection(close(client, { account, asset: ETH }), NothingToReduce);
    expect(gone.args).to.deep.equal({ account, asset: ETH, position: 0n, size: 0n });
  });

  it("tells the mark at which the ledger liquidates, to what a second of funding moves", async () => {
    const { client, address } = bob;
    const [long, short, collateral] = [1n, 2n, 3n].map((subId) => accountId(address, subId)) as [
      bigint,
      bigint,
      bigint,
    ];
    for (const account of [long, short])
      await confirm(client, await deposit(client, { account, amount: parseUnits("250", USD) }));
    await confirm(client, await open(client, { account: long, asset: ETH, size: parseSize("1") }));
    await confirm(client, await open(client, { account: short, asset: ETH, size: parseSize("-1") }));
    await world.weth.mint(address, parseSize("1"));
    await confirm(client, await approve(client, { asset: WETH, amount: parseSize("1") }));
    await confirm(client, await deposit(client, { account: collateral, asset: WETH, amount: parseSize("1") }));
    await confirm(client, await open(client, { account: collateral, asset: ETH, size: parseSize("0.5") }));

    for (const [account, asset] of [
      [long, ETH],
      [short, ETH],
      [collateral, WETH],
    ] as const) {
      const { price, immediate } = await getLiquidationPrice(client, { account, asset });
      if (price === undefined || immediate === undefined) throw new TypeError("no price");
      // Marks next to those, the last that passes and the first that does not.
      const safer = account === short ? -STEP : STEP;
      const failing = account === short ? ((price + STEP - 1n) / STEP) * STEP : (price / STEP) * STEP;
      const beyond = account === short ? ((immediate + STEP - 1n) / STEP) * STEP : (immediate / STEP) * STEP;
      expect(await verdictAt(account, asset, failing + safer)).to.equal("Healthy");
      expect(await verdictAt(account, asset, failing)).to.equal("Guarded");
      expect(await verdictAt(account, asset, beyond + safer)).to.equal("Guarded");
      expect(await verdictAt(account, asset, beyond)).to.equal("FarBelow");
    }
    const none = await getLiquidationPrice(client, { account: long, asset: WETH });
    expect(none).to.deep.equal({ price: undefined, immediate: undefined });
    for (const account of [long, short, collateral])
      await confirm(client, await close(client, { account, asset: ETH }));
  });

  it("says what limits a withdrawal, and withdraws that", async () => {
    const { client, account, address } = alice;
    await confirm(
      client,
      await open(client, { account, asset: ETH, size: parseSize("1"), slippage: parseSize("0.1") }),
    );
    const gate = await getWithdrawable(client, { account });
    expect(gate.limit).to.equal("InitialMargin");
    const above = await rejection(withdraw(client, { account, amount: gate.amount + 10n }), InsufficientMargin);
    expect(above.retryable).to.equal(false);
    expect(above.args.account).to.equal(account);
    expect(above.args.equity < BigInt(above.args.initialMargin)).to.equal(true);
    const paid = await withdraw(client, { account, amount: gate.amount });
    await confirm(client, paid);
    expect(paid.result).to.equal(gate.paid);
    await confirm(client, await deposit(client, { account, amount: gate.amount }));
    await confirm(bob.client, await setOperator(bob.client, { operator: address, approved: true }));
    const other = await rejection(
      withdraw(client, { account: bob.account, amount: 1n, to: address }),
      RecipientNotOwner,
    );
    expect(other.args).to.deep.equal({ account: bob.account, to: address });
    await confirm(client, await close(client, { account, asset: ETH }));
  });

  it("signs, hashes, fills, matches, executes and cancels orders", async () => {
    const [a, b, k] = [alice.account, bob.account, carol.account];
    const terms = { asset: ETH, expiry: LATER };
    const offer = await signOrder(bob.client, {
      ...terms,
      account: b,
      size: parseSize("-3"),
      limit: parsePrice("2000"),
      nonce: 1n,
      tip: parseCash("1"),
    });
    const struct = { ...offer.order, condition: 0 };
    expect(await hashOrder(bob.client, { order: offer.order })).to.equal(await world.exchange.hashOf(struct));
    expect(await getFillable(carol.client, { signed: offer })).to.equal(parseSize("3"));

    const wish = { ...terms, account: a, size: parseSize("2"), limit: parsePrice("2010"), nonce: 1n };
    const want = await signOrder(alice.client, { ...wish, tip: parseCash("1") });
    const matched = await matchOrders(carol.client, { maker: offer, taker: want, keeper: k });
    await confirm(carol.client, matched);
    expect(matched.result).to.equal(parseSize("2"));
    expect((await getPosition(carol.client, { account: a, asset: ETH })).size).to.equal(parseSize("2"));
    expect(await getOrder(carol.client, { order: offer.order })).to.include({ left: parseSize("1"), used: false });

    const filled = await fillOrder(alice.client, { maker: offer, taker: a });
    await confirm(alice.client, filled);
    expect(filled.result).to.equal(parseSize("1"));
    const done = await rejection(fillOrder(alice.client, { maker: offer, taker: a }), OrderDone);
    expect(done.args).to.deep.equal({ account: b, nonce: 1n });

    const exit = { ...terms, account: a, size: parseSize("-3"), limit: parsePrice("1900"), reduceOnly: true };
    const waits = await signOrder(alice.client, {
      ...exit,
      nonce: 2n,
      condition: "MarkAtMost",
      level: parsePrice("1800"),
    });
    const now = await signOrder(alice.client, {
      ...exit,
      nonce: 3n,
      condition: "MarkAtMost",
      level: parsePrice("2000"),
    });
    const batch = await executeBatch(carol.client, { orders: [waits, now], keeper: k });
    await confirm(carol.client, batch);
    expect(batch.result.map(({ error }) => error?.name)).to.deep.equal(["ConditionNotMet", undefined]);
    expect(batch.result[0]?.error?.retryable).to.equal(true);
    expect(batch.result[0]?.error?.message).to.equal("the order waits: mark at most 1800, now 2000");
    const again = await matchBatch(carol.client, { matches: [{ maker: offer, taker: want }], keeper: k });
    expect(again.result[0]?.error).to.be.instanceOf(OrderDone);

    const back = await signOrder(bob.client, {
      ...terms,
      account: b,
      size: parseSize("3"),
      limit: parsePrice("2100"),
      nonce: 5n,
    });
    await confirm(bob.client, await cancel(bob.client, { account: b, nonces: [4n, 6n] }));
    const executed = await executeOrder(carol.client, { signed: back, keeper: k });
    await confirm(carol.client, executed);
    expect(executed.result).to.equal(parseSize("3"));
    await confirm(bob.client, await cancelBelow(bob.client, { account: b, floor: 100n }));
    expect((await getOrder(bob.client, { order: back.order })).left).to.equal(0n);
  });

  it("permits, deposits and opens in one transaction; closes and takes everything in another", async () => {
    const { client, address } = carol;
    const account = accountId(address, 9n);
    const { exchange } = client.addresses;
    const amount = parseUnits("400", USD);
    const { token } = await getReserve(client, {});
    const permit = await signPermit(client, { amount, spender: exchange });
    const bounds = { account, asset: ETH, deadline: permit.deadline };
    const calls = [
      exchangeCalls.permit(token, amount, permit),
      exchangeCalls.deposit(account, amount),
      exchangeCalls.trade({ ...bounds, size: parseSize("-0.5"), limit: parsePrice("1980") }),
    ];
    await confirm(client, await multicall(client, { calls }));
    expect((await getPosition(client, { account, asset: ETH })).size).to.equal(parseSize("-0.5"));

    await confirm(client, await setOperator(client, { operator: exchange, approved: true }));
    const all = [
      exchangeCalls.closeAll({ ...bounds, limit: parsePrice("2020") }, false),
      exchangeCalls.withdraw(account),
    ];
    await confirm(client, await multicall(client, { calls: all }));
    expect(await cashOf(client, account)).to.be.within(0n, 10n ** 12n);
  });

  it("deposits with a permit of the clearing house and moves cash between accounts", async () => {
    const { client, account, address } = carol;
    const amount = parseUnits("10", USD);
    const permit = await signPermit(client, { amount });
    const before = await cashOf(client, account);
    await confirm(client, await depositWithPermit(client, { account, amount, permit }));
    const other = accountId(address, 5n);
    await confirm(client, await transferCash(client, { from: account, to: other, value: parseCash("10") }));
    expect(await cashOf(client, account)).to.equal(before);
    expect(await cashOf(client, other)).to.equal(parseCash("10"));
  });

  it("tells why a transaction reverted in its block", async () => {
    const { client, account } = carol;
    const { provider } = world.connection;
    const { amount } = await getWithdrawable(client, { account });
    const gas = 1_000_000n;
    await provider.request({ method: "evm_setAutomine", params: [false] });
    const first = await withdraw(client, { account, amount, gas });
    const second = await withdraw(client, { account, amount, gas });
    await provider.request({ method: "evm_mine" });
    await provider.request({ method: "evm_setAutomine", params: [true] });
    await confirm(client, first);
    const error = await rejection(confirm(client, second), InsufficientCash);
    expect(error.args.account).to.equal(account);
  });

  it("refuses before sending what no call could do, with the value and its bound", async () => {
    const { client, account } = alice;
    const now = await timeOf(client);
    const size = parseSize("1");
    const late = await rejection(open(client, { account, asset: ETH, size, deadline: now - 1n }), DeadlineInPast);
    expect(late.args).to.deep.equal({ deadline: now - 1n, now });
    const huge = await rejection(open(client, { account, asset: ETH, size: 2n ** 128n }), OutOfRange);
    expect(huge.args).to.include({ name: "size", value: 2n ** 128n, upper: 2n ** 128n - 1n });
    const asset = await rejection(open(client, { account, asset: 4096, size }), OutOfRange);
    expect(asset.args).to.deep.equal({ name: "asset", value: 4096n, lower: 0n, upper: 4095n });
    const words = await rejection(cancel(client, { account, nonces: [1n, 256n] }), OutOfRange);
    expect(words.args).to.include({ name: "nonce", value: 256n, upper: 255n });
    expect(() => parseAccount("nobody")).to.throw(NotAnAccount);
    const beyond = await rejection(open(client, { account, asset: ETH, size, limit: 1n }), PriceBeyondLimit);
    expect(beyond.retryable).to.equal(true);
    expect(beyond.args.limit).to.equal(1n);
    const reader = createClient({ source: { publicClient: client.publicClient }, addresses: client.addresses });
    await rejection(open(reader, { account, asset: ETH, size }), WalletMissing);
    expect(parseAccount(formatAccount(account))).to.equal(account);
  });
});
