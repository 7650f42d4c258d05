import { clearingHouseAbi } from "../abi/index.js";
import { deficitRow } from "../accounts.js";
import { read } from "../call.js";
import type { Client } from "../client.js";
import { requireAsset } from "../input.js";
import { getRows, type MarketParameters } from "./markets.js";

/** What insurance has, owes and may still pay for one market. */
export interface Insurance {
  /** The row of insurance. */
  fund: bigint;
  /** What it has still to pay of all that stands, whatever its budgets say. */
  owed: bigint;
  /** What it may pay for this market now, whatever for. */
  insurable: bigint;
  /** What stands in the row of this market. */
  deficit: bigint;
  /** What this market used in the current windows, and the fund when they began. */
  budget: Budget;
}

export interface Budget {
  hourUsed: bigint;
  hourFund: bigint;
  dayUsed: bigint;
  dayFund: bigint;
  hourStart: number;
  dayStart: number;
}

/**
 * The insurance of a market.
 *
 * @example
 * const { fund, insurable } = await getInsurance(client, { asset: 1 });
 */
export async function getInsurance(client: Client, { asset, ...at }: MarketParameters): Promise<Insurance> {
  const args = [requireAsset(asset)] as const;
  const call = { abi: clearingHouseAbi, address: client.addresses.clearingHouse, ...at } as const;
  const [{ insurance }, owed, insurable, row, budget] = await Promise.all([
    getRows(client, at),
    read(client, { ...call, functionName: "owed", args: [] }),
    read(client, { ...call, functionName: "insurable", args }),
    read(client, { ...call, functionName: "cashOf", args: [deficitRow(asset)] }),
    read(client, { ...call, functionName: "budgetOf", args }),
  ]);
  return { fund: insurance, owed, insurable, deficit: -row, budget };
}
