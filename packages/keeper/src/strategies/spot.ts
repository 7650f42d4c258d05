// Buys spot collateral that the backstop took and insurance paid for: both sell it below the mark, for quote of the wallet. What
// the wallet does with it is somebody else's business; until then it counts against the bound.
import { FixedPoint, PriceStatus, WAD } from "@ballast/math";
import { INSURANCE } from "@ballast/mirror";
import {
  CallFailed,
  ChainUnreachable,
  DEADLINE,
  decodeError,
  getReserve,
  insuranceVaultAbi,
  type Client,
} from "@ballast/sdk";
import { encodeFunctionData, erc20Abi, type Address } from "viem";
import type { StrategySettings } from "../config/schema.js";
import type { Intent } from "../send/intent.js";
import { dutyOf } from "./duty.js";
import { planOf, type Plan, type Snapshot, type Strategy } from "./strategy.js";
import { Urgency } from "./urgency.js";

const GAS = 1_500_000n;
const GAS_OF_PURCHASE = 450_000n;
const GAS_OF_APPROVAL = 60_000n;
const POINTS = 10_000n;
const QUOTE = 0;

/** A token, and what a unit of it is in 1e18. */
interface Token {
  readonly address: Address;
  readonly unit: bigint;
}

/** Something for sale, with everything that is known of it. */
interface Sale {
  readonly seller: Address;
  readonly asset: number;
  readonly spot: Token;
  readonly quote: Token;
  readonly mark: bigint;
}

export class Spot implements Strategy {
  readonly name = "spot";
  readonly asks = true;
  private readonly tokens = new Map<number, Token>();

  constructor(
    private readonly settings: StrategySettings<"spot">,
    private readonly wallet: Address,
  ) {}

  async plan(snapshot: Snapshot): Promise<Plan> {
    const sales = await this.sales(snapshot);
    return planOf((await Promise.all(sales.map((sale) => this.buy(snapshot, sale)))).flat());
  }

  /** What the rows of both sellers hold, as the mirror knows them. */
  private async sales({ ledger, deployment, prices, client }: Snapshot): Promise<Sale[]> {
    const { backstopPool, insuranceVault } = deployment.addresses;
    const rows = [
      ...(backstopPool === undefined ? [] : [{ seller: backstopPool, row: ledger.lots.backstop }]),
      ...(insuranceVault === undefined ? [] : [{ seller: insuranceVault, row: INSURANCE }]),
    ];
    const held = rows.flatMap(({ seller, row }) =>
      ledger.legs(row).flatMap(({ asset, size }) => {
        const price = prices.get(asset);
        const sold = !ledger.markets.isPerp(asset) && size > 0n && price?.status === PriceStatus.Fresh;
        return sold ? [{ seller, asset, mark: price.mark }] : [];
      }),
    );
    return Promise.all(
      held.map(async (each) => ({
        ...each,
        spot: await this.token(client, each.asset),
        quote: await this.token(client, QUOTE),
      })),
    );
  }

  private async buy(snapshot: Snapshot, sale: Sale): Promise<Intent[]> {
    const key = `spot:${sale.seller.toLowerCase()}:${sale.asset}`;
    if (snapshot.isKeyBusy(key)) return [];
    const { allowance, most } = await this.means(snapshot.client, sale);
    const amount = FixedPoint.mulDivDown(most, WAD, sale.mark) / sale.spot.unit;
    if (amount <= 0n) return [];
    const mostQuote = this.bound(sale, amount) / sale.quote.unit;
    if (allowance < mostQuote) return this.approve(snapshot, sale);
    const deadline = snapshot.head.timestamp + DEADLINE;
    const args = [sale.asset, amount, mostQuote, deadline] as const;
    const profit = await this.profit(snapshot.client, sale, args);
    if (profit === undefined || profit - snapshot.costOf(GAS_OF_PURCHASE) < this.settings.least) return [];
    const data = encodeFunctionData({ abi: insuranceVaultAbi, functionName: "buySpot", args });
    const call = { to: sale.seller, data, gas: GAS, gasUsed: GAS_OF_PURCHASE, deadline, urgency: Urgency.spot };
    const about = { asset: BigInt(sale.asset), accounts: [], block: BigInt(snapshot.head.number) };
    return [{ key, strategy: this.name, ...call, ...about, profit }];
  }

  /** Quote that the wallet may spend: what it has, one purchase, what the bound leaves. */
  private async means(client: Client, sale: Sale): Promise<{ allowance: bigint; most: bigint }> {
    const read = { abi: erc20Abi, address: sale.quote.address } as const;
    const [quote, spot, allowance] = await Promise.all([
      client.publicClient.readContract({ ...read, functionName: "balanceOf", args: [this.wallet] }),
      client.publicClient.readContract({
        ...{ ...read, address: sale.spot.address },
        ...{ functionName: "balanceOf", args: [this.wallet] },
      }),
      client.publicClient.readContract({ ...read, functionName: "allowance", args: [this.wallet, sale.seller] }),
    ]);
    const { size, inventory } = this.settings;
    const room = inventory - FixedPoint.mulUp(spot * sale.spot.unit, sale.mark);
    return { allowance, most: [room, quote * sale.quote.unit].reduce(FixedPoint.min, size) };
  }

  /** What the whole may cost at most: mark less what is asked for the risk. */
  private bound({ spot, mark }: Sale, amount: bigint): bigint {
    const value = FixedPoint.mulDown(amount * spot.unit, mark);
    return (value * (POINTS - BigInt(this.settings.ask))) / POINTS;
  }

  /** Of what the seller would sell now, after what is asked for the risk; nothing when it sells nothing at that price. */
  private async profit(
    client: Client,
    sale: Sale,
    args: readonly [number, bigint, bigint, bigint],
  ): Promise<bigint | undefined> {
    try {
      const { result } = await client.publicClient.simulateContract({
        ...{ abi: insuranceVaultAbi, address: sale.seller, functionName: "buySpot", account: this.wallet },
        args,
      });
      const [bought, paid] = result;
      return this.bound(sale, bought) - paid * sale.quote.unit;
    } catch (error) {
      const said = decodeError(error);
      if (said instanceof ChainUnreachable || said instanceof CallFailed) throw said;
      return undefined;
    }
  }

  private approve(snapshot: Snapshot, { seller, quote }: Sale): Intent[] {
    const args = [seller, this.settings.inventory / quote.unit] as const;
    const data = encodeFunctionData({ abi: erc20Abi, functionName: "approve", args });
    const call = { to: quote.address, data, gas: GAS_OF_APPROVAL, urgency: Urgency.spot };
    return dutyOf(snapshot, { key: `approve:${seller}`, strategy: this.name, ...call }, this.settings.cost);
  }

  private async token(client: Client, asset: number): Promise<Token> {
    const known = this.tokens.get(asset);
    if (known !== undefined) return known;
    const { token, decimals } = await getReserve(client, { asset });
    const found = { address: token, unit: 10n ** BigInt(18 - decimals) };
    this.tokens.set(asset, found);
    return found;
  }
}
