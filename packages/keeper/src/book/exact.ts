// What the ledger says of an account, in its own arithmetic: the last word on whom may be liquidated.
import { Account as Accounts, AssetKind, Assessor } from "@ballast/math";
import type { Account, Ledger } from "@ballast/mirror";
import type { MarketAt } from "./markets.js";

/** Somebody with whom something can be done. */
export interface Candidate {
  readonly account: bigint;
  readonly equity: bigint;
  readonly marginEquity: bigint;
  readonly maintenance: bigint;
  /** The leg to begin with: the perp that needs most maintenance, else the spot that is worth most. */
  readonly asset: bigint;
  readonly bankrupt: boolean;
  /** `Account.Verdict` of `@ballast/math`. */
  readonly verdict: bigint;
}

/** More than any spot is worth. */
const PERP = 1n << 200n;

const { Verdict } = Accounts;

type Markets = ReadonlyMap<number, MarketAt>;

/** The account as a touch of all its legs would find it. */
export function snapshotOf(ledger: Ledger, account: bigint, markets: Markets, time: bigint): Accounts.Snapshot {
  const { cash, legs } = ledger.cash.account(account);
  return {
    cash,
    interest: ledger.reserves.interest(account, time),
    legs: legs.map((leg) => {
      const { asset, market, price } = at(markets, leg.asset);
      return { asset, market, price, position: ledger.positions.preview(leg, market.fundingIndex) };
    }),
    debtCap: BigInt(ledger.reserves.terms.debtCap),
  };
}

/** What an account has of the ledger, looked up once. */
export interface Stored {
  readonly id: bigint;
  readonly account: Account;
  readonly interest: bigint;
}

/** None when it is healthy, guarded, or has nothing to take. */
export function liquidatable(ledger: Ledger, stored: Stored, markets: Markets): Candidate | undefined {
  const { id, account } = stored;
  let cash = account.cash - stored.interest;
  let [value, marginEquity, maintenance, heaviest] = [0n, 0n, 0n, -1n];
  let first: number | undefined;
  const sizes: bigint[] = [];
  for (const leg of account.legs) {
    const { market, price } = at(markets, leg.asset);
    const pickedUp = ledger.positions.preview(leg, market.fundingIndex);
    const part = Assessor.leg(market, pickedUp.size, price);
    sizes.push(pickedUp.size);
    cash += pickedUp.cash;
    value += part.equity;
    marginEquity += part.marginEquity;
    maintenance += part.maintenance;
    const weight = pickedUp.size === 0n ? -1n : weightOf(market.config.kind, part);
    if (weight > heaviest) [first, heaviest] = [leg.asset, weight];
  }
  marginEquity += cash;
  if (first === undefined || marginEquity >= maintenance) return undefined;
  const averaged = averageOf(account, sizes, cash, markets);
  if (!Assessor.liquidatable({ marginEquity, maintenance, ...averaged })) return undefined;
  const below = averaged.fastMarginEquity < averaged.fastMaintenance;
  const verdict = below ? Verdict.Below : Verdict.FarBelow;
  const equity = value + cash;
  return { account: id, equity, marginEquity, maintenance, asset: BigInt(first), bankrupt: equity < 0n, verdict };
}

/** At the fast average, of an account that is below maintenance at mark. */
function averageOf({ legs }: Account, sizes: readonly bigint[], cash: bigint, markets: Markets) {
  let [fastMarginEquity, fastMaintenance] = [cash, 0n];
  legs.forEach((leg, k) => {
    const { market, fast } = at(markets, leg.asset);
    const part = Assessor.leg(market, sizes[k] ?? 0n, fast);
    fastMarginEquity += part.marginEquity;
    fastMaintenance += part.maintenance;
  });
  return { fastMarginEquity, fastMaintenance };
}

/** Of any account, whatever its verdict; none without a leg. */
export function standingOf(ledger: Ledger, account: bigint, markets: Markets, time: bigint): Candidate | undefined {
  const snapshot = snapshotOf(ledger, account, markets, time);
  const held = snapshot.legs.filter(({ position }) => position.size !== 0n);
  const weight = ({ market, position, price }: Accounts.Leg) =>
    weightOf(market.config.kind, Assessor.leg(market, position.size, price));
  const [first] = held.sort((a, b) => (weight(a) < weight(b) ? 1 : -1));
  if (first === undefined) return undefined;
  const { assessment, verdict, bankrupt } = Accounts.view(snapshot);
  const { equity, marginEquity, maintenance } = assessment;
  return { account, equity, marginEquity, maintenance, asset: first.asset, bankrupt, verdict };
}

/** Any perp before any spot. */
function weightOf(kind: bigint, { maintenance, collateral }: Assessor.Standing): bigint {
  return kind === AssetKind.Spot ? collateral : maintenance + PERP;
}

function at(markets: Markets, asset: number): MarketAt {
  const found = markets.get(asset);
  if (found === undefined) throw new Accounts.MarketUnknown(BigInt(asset));
  return found;
}
