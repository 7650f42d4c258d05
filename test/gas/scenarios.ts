import type { ContractTransactionResponse } from "ethers";
import { QUOTE, accountId, fund, type World } from "../../scripts/local.js";

/** An operation whose gas is a published figure, and the most it may cost. */
export interface Scenario {
  key: string;
  bound: number;
  /** Prepares, then returns the one transaction that is measured. */
  run(world: World): Promise<ContractTransactionResponse>;
}

const UNIT = 1_000_000n;

async function actors(world: World) {
  const [, alice, bob] = await world.connection.ethers.getSigners();
  if (alice === undefined || bob === undefined) throw new TypeError("the local network has too few signers");
  return { alice, bob };
}

/** A deposit of alice's after `owner` has made one: then the token and the contracts have been used before. */
function deposit(key: string, bound: number, owner: "alice" | "bob"): Scenario {
  return {
    key,
    bound,
    async run(world) {
      const signers = await actors(world);
      const { alice } = signers;
      await fund(world, signers[owner], accountId(signers[owner].address), 1_000n * UNIT);
      await world.quote.mint(alice, 2_000n * UNIT);
      await world.quote.connect(alice).approve(world.house, 1_000n * UNIT);
      return world.house.connect(alice).deposit(accountId(alice.address), QUOTE, 500n * UNIT);
    },
  };
}

export const scenarios: readonly Scenario[] = [
  deposit("deposit_first", 85_000, "bob"),
  deposit("deposit_again", 65_000, "alice"),
  {
    key: "withdraw_flat",
    bound: 75_000,
    async run(world) {
      const { alice } = await actors(world);
      await fund(world, alice, accountId(alice.address), 1_000n * UNIT);
      await world.quote.mint(alice, UNIT);
      return world.house.connect(alice).withdraw(accountId(alice.address), QUOTE, 500n * UNIT, alice.address);
    },
  },
];
