// Lines that an account may cross, and where it stands to them at mark: no averages, no initial margin.
import { Assessor, type Account, type Price } from "@ballast/math";
import type { Markets } from "@ballast/math";

/** What an account falls below. */
export type Line =
  /** Maintenance at mark: liquidatable once the fast average is below as well. */
  | "maintenance"
  /** 80 % of maintenance at mark: liquidatable at once, whatever the average. */
  | "guard"
  /** Nothing: the account owes more than it has, spot at full value. */
  | "equity";

export const NOTHING: Assessor.Standing = { equity: 0n, marginEquity: 0n, maintenance: 0n, collateral: 0n };

/** The account at mark, to the wei of the ledger. */
export function standingOf(account: Account.Snapshot): Assessor.Standing {
  return account.legs.reduce(
    (sum, { market, price, position }) => plus(plusCash(sum, position.cash), market, position.size, price),
    plusCash(NOTHING, account.cash - account.interest),
  );
}

export function plus(s: Assessor.Standing, market: Markets.Market, size: bigint, price: Price): Assessor.Standing {
  const leg = Assessor.leg(market, size, price);
  return {
    equity: s.equity + leg.equity,
    marginEquity: s.marginEquity + leg.marginEquity,
    maintenance: s.maintenance + leg.maintenance,
    collateral: s.collateral + leg.collateral,
  };
}

export function plusCash(s: Assessor.Standing, cash: bigint): Assessor.Standing {
  return { ...s, equity: s.equity + cash, marginEquity: s.marginEquity + cash };
}

export function isBelow({ equity, marginEquity, maintenance }: Assessor.Standing, line: Line): boolean {
  if (line === "equity") return equity < 0n;
  if (line === "maintenance") return marginEquity < maintenance;
  return marginEquity * 10_000n < maintenance * Assessor.GUARD;
}
