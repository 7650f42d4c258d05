// Who still fails when a market ends, and why no stage does anything about it.
import { getOutlook } from "@ballast/sdk";
import { toNumber, type Observer } from "./observer.js";
import { CLOSING, magnitude, type Closing } from "./tally.js";
import { WAD, signingClient, type World } from "./world.js";

/** A leg of somebody below maintenance: what is on offer of it, what would be done next, and why each other stage passes. */
export interface Remains {
  readonly account: string;
  readonly asset: number;
  readonly health: number;
  readonly notional: number;
  readonly inLot: number;
  readonly next: string;
  readonly why: Readonly<Record<Closing, string>>;
}

export async function remainsOf(world: World, { watch, ledger }: Observer): Promise<Remains[]> {
  const client = signingClient(world, world.deployer);
  const legs = watch
    .liquidatable()
    .flatMap(({ account }) => ledger.legs(account).map(({ asset, mark, value }) => ({ account, asset, mark, value })));
  const found = legs.map(async ({ account, asset, mark, value }) => {
    const outlook = await getOutlook(client, { account, asset });
    const why = Object.fromEntries(CLOSING.map((name) => [name, outlook[name].reason])) as Remains["why"];
    return {
      ...{ account: `0x${account.toString(16).padStart(64, "0")}`, asset, health: toNumber(outlook.health) },
      notional: toNumber(magnitude(value)),
      inLot: toNumber((ledger.lots.of(account, asset).size * mark) / WAD),
      ...{ next: outlook.stage, why },
    };
  });
  return Promise.all(found);
}
