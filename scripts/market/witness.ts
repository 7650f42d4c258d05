// Sees a block twice, before it at its prices and after it: what was done to whom, and whether that was allowed.
import { marketAt, type MarketAt, type Watch } from "@ballast/keeper";
import { Account, Assessor, FixedPoint, PriceStatus } from "@ballast/math";
import type { Ledger } from "@ballast/mirror";
import { clearingHouseAbi, oracleRouterAbi } from "@ballast/sdk";
import { parseEventLogs, type Log } from "viem";
import type { Laws } from "./laws.js";
import { magnitude } from "./tally.js";
import type { World } from "./world.js";

/** Cash that pick-ups of a block may round apart, in wei. */
const DUST = 1_000n;
/** Of a health that two roundings may be apart. */
const PRECISION = 10n ** 9n;

/** An account at the prices of the block, its legs as a touch would leave them. */
interface Sight {
  readonly assessment: Assessor.Assessment;
  readonly owing: boolean;
  readonly legs: readonly { asset: number; size: bigint }[];
}

/** What a block did, by its logs. */
interface Deeds {
  readonly liquidated: ReadonlyMap<bigint, ReadonlySet<number>>;
  /** Accounts that did something themselves, or that somebody did something else to. */
  readonly touched: ReadonlySet<bigint>;
  /** Where profit was shared. */
  readonly shared: ReadonlySet<number>;
  /** Where an offset changed the other side. */
  readonly offset: ReadonlySet<number>;
  readonly booked: boolean;
  readonly withdrawn: number;
}

interface Before {
  readonly deeds: Deeds;
  readonly markets: ReadonlyMap<number, MarketAt>;
  readonly time: bigint;
  readonly sights: ReadonlyMap<bigint, Sight>;
  readonly deficit: bigint;
  readonly held: bigint;
}

export class Witness {
  private before: Before | undefined;

  constructor(
    private readonly world: World,
    private readonly ledger: Ledger,
    private readonly watch: Watch,
    private readonly laws: Laws,
  ) {}

  /** While the ledger is as before the block. */
  async look(logs: readonly Log[], block: bigint): Promise<void> {
    this.before = undefined;
    const deeds = deedsOf(logs);
    if (deeds.liquidated.size + deeds.shared.size + deeds.withdrawn === 0) return;
    const { time, markets } = await this.marketsAt(block);
    const { deficit } = this.ledger.reserves;
    const sights = new Map(this.affected(deeds).map((account) => [account, this.sightOf(account, markets, time)]));
    this.before = { deeds, markets, time, sights, deficit, held: this.ledger.reserves.of(0).held };
  }

  /** Once the ledger has the block. */
  check(): void {
    const { before } = this;
    if (before === undefined) return;
    for (const [account, assets] of before.deeds.liquidated) this.reduction(before, account, assets);
    if (before.deeds.shared.size > 0) for (const account of before.sights.keys()) this.share(before, account);
    this.withdrawals(before);
  }

  /** Every market at the prices and the time of the block. */
  private async marketsAt(block: bigint): Promise<{ time: bigint; markets: ReadonlyMap<number, MarketAt> }> {
    const { publicClient, deployment } = this.world;
    const assets = [...this.ledger.perps, ...this.ledger.spots];
    const call = { abi: oracleRouterAbi, address: deployment.addresses.oracleRouter, functionName: "peek" } as const;
    const [{ timestamp: time }, prices] = await Promise.all([
      publicClient.getBlock({ blockNumber: block }),
      publicClient.readContract({ ...call, args: [assets], blockNumber: block }),
    ]);
    const fresh = assets.flatMap((asset, i) => {
      const price = prices[i];
      return price === undefined || BigInt(price.status) !== PriceStatus.Fresh
        ? []
        : [[BigInt(asset), price.mark] as const];
    });
    const moment = { time, marks: new Map(fresh) };
    return { time, markets: new Map(assets.map((asset) => [asset, marketAt(this.ledger, asset, moment)])) };
  }

  /** Those who were liquidated, and everybody in a market whose profit was shared. */
  private affected({ liquidated, shared }: Deeds): bigint[] {
    if (shared.size === 0) return [...liquidated.keys()];
    const holds = (account: bigint): boolean => this.ledger.legsOf(account).some((asset) => shared.has(asset));
    return [...new Set([...liquidated.keys(), ...[...this.ledger.accounts()].filter(holds)])];
  }

  private sightOf(account: bigint, markets: Before["markets"], time: bigint): Sight {
    const { ledger } = this;
    const { cash, legs } = ledger.cash.account(account);
    const holdings = legs.flatMap((leg) => {
      const at = markets.get(leg.asset);
      if (at === undefined) return [];
      return [{ ...at, asset: leg.asset, position: ledger.positions.preview(leg, at.market.fundingIndex) }];
    });
    const assessment = Assessor.assess(cash - ledger.reserves.interest(account, time), holdings);
    const owing = Account.verdictOf(assessment, BigInt(ledger.reserves.terms.debtCap)) === Account.Verdict.Overborrowed;
    return { assessment, owing, legs: holdings.map(({ asset, position }) => ({ asset, size: position.size })) };
  }

  /** LIQ-1, of accounts to which nothing else happened in the block before. */
  private reduction(before: Before, account: bigint, assets: ReadonlySet<number>): void {
    const { deeds, sights } = before;
    const sight = sights.get(account);
    if (sight === undefined || deeds.touched.has(account)) return;
    if (sight.legs.some(({ asset }) => deeds.shared.has(asset))) return;
    const { marginEquity, maintenance } = sight.assessment;
    const what = `account ${hex(account)}, margin equity ${marginEquity}, maintenance ${maintenance}`;
    this.laws.expect("LIQ-1", what, marginEquity < maintenance || sight.owing);
    if (sight.legs.some(({ asset }) => deeds.offset.has(asset))) return;
    this.outcome(before, account, sight, assets);
  }

  /** LIQ-2: nothing flips, nobody goes bankrupt by it, nobody is less healthy. */
  private outcome({ markets, time }: Before, account: bigint, sight: Sight, assets: ReadonlySet<number>): void {
    const after = this.sightOf(account, markets, time);
    for (const { asset, size } of sight.legs.filter((leg) => assets.has(leg.asset))) {
      const left = after.legs.find((leg) => leg.asset === asset)?.size ?? 0n;
      const shrunk = magnitude(left) <= magnitude(size) && (left === 0n || left > 0n === size > 0n);
      this.laws.expect("LIQ-2", `account ${hex(account)}, asset ${asset}: ${left} of ${size} left`, shrunk);
    }
    const [old, now] = [sight.assessment, after.assessment];
    const what = `account ${hex(account)}: margin equity ${old.marginEquity} over ${old.maintenance}`;
    // Who has nothing but spot counts as bankrupt by what it counts for: it is sold whatever is left.
    if (old.equity >= 0n && old.maintenance !== 0n)
      this.laws.expect("LIQ-2", `${what}, equity ${old.equity} became ${now.equity}`, now.equity >= -DUST);
    if (sight.owing || old.marginEquity <= 0n || now.maintenance === 0n) return;
    const kept = now.marginEquity * old.maintenance * (PRECISION + 1n);
    const healthier = kept >= old.marginEquity * now.maintenance * PRECISION;
    this.laws.expect("LIQ-2", `${what}: became ${now.marginEquity} over ${now.maintenance}`, healthier);
  }

  /** SHARE-2: who had initial margin has it afterwards, the reserve on profit aside, at the depth before. */
  private share({ deeds, markets, time, sights }: Before, account: bigint): void {
    const { assessment, legs } = sights.get(account) ?? {};
    if (assessment === undefined || legs === undefined || deeds.touched.has(account)) return;
    if (deeds.liquidated.has(account) || assessment.initialEquity < assessment.initial) return;
    const after = this.sightOf(account, markets, time);
    const needed = after.legs.reduce((sum, { asset, size }) => sum + bareInitial(markets.get(asset), size), 0n);
    const { equity } = after.assessment;
    this.laws.expect("SHARE-2", `account ${hex(account)}: equity ${equity}, needs ${needed}`, equity + DUST >= needed);
  }

  /** DEF-1, of blocks in which somebody left and nothing was booked. */
  private withdrawals({ deeds, deficit, held }: Before): void {
    if (deeds.withdrawn === 0 || deeds.booked || deficit === 0n) return;
    const { deficit: now } = this.ledger.reserves;
    const left = this.ledger.reserves.of(0).held;
    const what = `${deficit} over ${held} became ${now} over ${left}`;
    this.laws.expect("DEF-1", what, now * held <= deficit * left + held * DUST);
  }
}

const hex = (account: bigint): string => `0x${account.toString(16).padStart(64, "0")}`;

/** What a leg asks for if none of its worth is profit. */
function bareInitial(at: MarketAt | undefined, size: bigint): bigint {
  if (at === undefined || size === 0n) return 0n;
  const { mark, slow } = at.price;
  const basis = size > 0n ? FixedPoint.max(mark, slow) : FixedPoint.min(mark, slow);
  return Assessor.initial(at.market, size, basis, at.price);
}

function deedsOf(logs: readonly Log[]): Deeds {
  const liquidated = new Map<bigint, Set<number>>();
  const [steps, exchanges] = [new Map<bigint, number>(), new Map<bigint, number>()];
  const [touched, shared, offset] = [new Set<bigint>(), new Set<number>(), new Set<number>()];
  let [booked, withdrawn] = [false, 0];
  const add = (counts: Map<bigint, number>, account: bigint): unknown =>
    counts.set(account, (counts.get(account) ?? 0) + 1);
  for (const { eventName, args } of parseEventLogs({ abi: clearingHouseAbi, logs: [...logs] })) {
    if (eventName === "Liquidated") {
      add(steps, args.account);
      liquidated.set(args.account, (liquidated.get(args.account) ?? new Set()).add(args.asset));
    } else if (eventName === "Exchanged") [args.buyer, args.seller].forEach((each) => add(exchanges, each));
    else if (eventName === "Deposited" || eventName === "Withdrawn") touched.add(args.account);
    else if (eventName === "ProfitShared") shared.add(args.asset);
    else if (eventName === "SideOffset") offset.add(args.asset);
    else if (eventName === "DeficitBooked") booked = true;
    if (eventName === "Withdrawn") withdrawn++;
  }
  for (const [account, count] of exchanges) if (count > (steps.get(account) ?? 0)) touched.add(account);
  return { liquidated, touched, shared, offset, booked, withdrawn };
}
