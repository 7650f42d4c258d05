// Margin calls: who is close to failing, by health or by the probability of it, is told to a webhook.
import { Account } from "@ballast/math";
import { keyOf } from "@ballast/mirror";
import { Ruin } from "@ballast/risk";
import { formatAccount, formatHealth } from "@ballast/sdk";
import type { StrategySettings } from "../config/schema.js";
import type { Alert } from "../run/webhook.js";
import { NOTHING, type Plan, type Snapshot, type Strategy } from "./strategy.js";

/** How close an account is. */
export interface Closeness {
  readonly account: bigint;
  readonly health: bigint;
  /** The probability to fall within the horizon, when it was asked for. */
  readonly ruin: number | undefined;
}

export class MarginCall implements Strategy {
  readonly name = "alert";
  /** It takes its time. */
  readonly asks = true;
  private readonly toldAt = new Map<string, bigint>();
  private lookedAt = 0n;

  constructor(
    private readonly settings: StrategySettings<"alert">,
    private readonly tell: (alert: Alert) => void,
  ) {}

  plan(snapshot: Snapshot): Plan {
    const { timestamp } = snapshot.head;
    if (timestamp - this.lookedAt < BigInt(this.settings.every)) return NOTHING;
    this.lookedAt = timestamp;
    for (const close of this.close(snapshot)) this.call(close, snapshot);
    return NOTHING;
  }

  /** Those that are too close. */
  close(snapshot: Snapshot): Closeness[] {
    const { watch, marks } = snapshot;
    const { accounts, nearest, health, ruin } = this.settings;
    const asked = accounts.length > 0 ? accounts : watch.nearest(nearest, marks).map(({ account }) => account);
    return asked
      .map((account) => this.measure(snapshot, account))
      .filter((one) => one.health < health || (ruin > 0 && (one.ruin ?? 0) >= ruin));
  }

  private measure({ watch, marks }: Snapshot, account: bigint): Closeness {
    const held = watch.snapshotOf(account, marks);
    const health = Account.healthOf(Account.assess(held));
    if (this.settings.ruin === 0 || held.legs.length === 0) return { account, health, ruin: undefined };
    const sigma = Math.max(...held.legs.map(({ price }) => Number(price.sigma) / 1e18));
    const { horizon: seconds, degrees } = this.settings;
    const process = degrees === 0 ? { sigma, seconds } : { sigma, seconds, degrees };
    return { account, health, ruin: Ruin.of(held, process) };
  }

  private call({ account, health, ruin }: Closeness, { head }: Snapshot): void {
    const told = this.toldAt.get(keyOf(account));
    if (told !== undefined && head.timestamp - told < BigInt(this.settings.again)) return;
    this.toldAt.set(keyOf(account), head.timestamp);
    const probability = ruin === undefined ? "" : `, probability to fail ${(100 * ruin).toFixed(1)} %`;
    this.tell({
      kind: "margin call",
      text: `${formatAccount(account)}: health ${formatHealth(health)}${probability}`,
      account: formatAccount(account),
      health: formatHealth(health),
      ...(ruin === undefined ? {} : { ruin, horizon: this.settings.horizon }),
      block: head.number,
    });
  }
}
