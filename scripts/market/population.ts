// Who holds what when the market opens: made by the seed, opened through the SDK.
import {
  Panicked,
  accountId,
  confirm,
  deposit,
  approve,
  fillOrder,
  parseUnits,
  signOrder,
  type AccountId,
  type Client,
  type SignedOrder,
} from "@ballast/sdk";
import { encodeFunctionData, getAddress, keccak256, toHex, type Address, type Hex } from "viem";
import { privateKeyToAccount, type PrivateKeyAccount } from "viem/accounts";
import { Random } from "../../packages/reference/src/random.js";
import { MarketError } from "./errors.js";
import type { Crowd } from "./scenarios.js";
import { GAS, PERPS, TOKEN, UNIT, WAD, WETH, send, signingClient, type World } from "./world.js";
import { PERP } from "../../deploy/parameters/defaults.js";

/** Accounts of one person, each with a margin of its own. */
const ACCOUNTS_EACH = 10;
/** Of a hundred accounts, how many hold two perps, and how many bring WETH for half of their margin. */
const TWO_LEGS = 15;
const WITH_SPOT = 10;
/** Sizes are lognormal. */
const SPREAD = 0.9;
const LEAST_NOTIONAL = 500;
/** Less than an account may hold where pools are smallest. */
const MOST_NOTIONAL = 1_500_000;
/** The larger a position, the more margin it needs: by its notional as a share of this. */
const CROWDED = 25_000_000;
/** Whole quote of each of those on the other side. */
const HEDGER = 3_000_000;
const HEDGERS = 12;
const ETHER = 100n * WAD;
const FOREVER = 2n ** 40n;

export interface LegPlan {
  readonly asset: number;
  /** Whole quote, below zero for a short. */
  readonly notional: number;
}

export interface HolderPlan {
  readonly person: number;
  readonly subId: number;
  readonly legs: readonly LegPlan[];
  /** Whole quote. */
  readonly margin: number;
  readonly weth: boolean;
}

export interface Holder {
  readonly account: AccountId;
  readonly plan: HolderPlan;
  readonly client: Client;
  /** What he brought, in 1e18 of quote at the opening price. */
  readonly brought: bigint;
}

export interface Hedger {
  readonly account: AccountId;
  readonly brought: bigint;
  readonly client: Client;
}

export interface Population {
  readonly holders: readonly Holder[];
  /** Those on the other side of the opening trades. */
  readonly hedgers: readonly Hedger[];
  readonly refused: readonly string[];
}

/** The same seed gives the same people. */
export function planPopulation(accounts: number, crowd: Crowd, seed: number): HolderPlan[] {
  const random = new Random(4 * seed + 3);
  const drafts = Array.from({ length: accounts }, (_, i) => {
    const perp = PERPS[i % PERPS.length] ?? PERPS[0];
    const other = PERPS[(i + 1 + random.below(PERPS.length - 1)) % PERPS.length] ?? PERPS[0];
    const long = random.fraction() < crowd.longs;
    const weight = Math.exp(SPREAD * random.normal());
    const two = random.below(100) < TWO_LEGS;
    return { perp, other, long, weight, two, rate: random.pick(crowd.margins), weth: random.below(100) < WITH_SPOT };
  });
  const whole = drafts.reduce((sum, { weight }) => sum + weight, 0);
  const each = (crowd.interest * Number(PERP.depth / WAD) * PERPS.length) / whole;
  return drafts.map(({ perp, other, long, weight, two, rate, weth }, i) => {
    const notional = Math.min(MOST_NOTIONAL, Math.max(LEAST_NOTIONAL, Math.round(weight * each))) * (long ? 1 : -1);
    const legs = [
      { asset: perp?.asset ?? 1, notional: two ? notional * 0.6 : notional },
      ...(two ? [{ asset: other?.asset ?? 1, notional: notional * 0.4 }] : []),
    ];
    const margin = Math.ceil(Math.abs(notional) * (rate + Math.abs(notional) / CROWDED));
    return { person: Math.floor(i / ACCOUNTS_EACH), subId: (i % ACCOUNTS_EACH) + 1, legs, margin, weth };
  });
}

export const keyOf = (role: string, seed: number): Hex => keccak256(toHex(`ballast market ${role} ${seed}`));

/** Somebody with native tokens and so much quote that the clearing house may take. */
export async function enroll(
  world: World,
  key: Hex,
  whole: number,
): Promise<{ signer: PrivateKeyAccount; client: Client }> {
  const signer = privateKeyToAccount(key);
  const amount = BigInt(Math.ceil(whole)) * UNIT;
  await send(world, signer.address, "0x", ETHER);
  await mint(world, world.quote, signer.address, amount);
  const client = signingClient(world, signer);
  await confirm(client, await approve(client, { amount }));
  return { signer, client };
}

const mint = (world: World, token: Address, to: Address, amount: bigint): Promise<void> =>
  send(world, token, encodeFunctionData({ abi: TOKEN, functionName: "mint", args: [to, amount] }));

/** An account with so much whole quote in it. */
export async function fund(client: Client, account: AccountId, whole: number): Promise<bigint> {
  await confirm(client, await deposit(client, { account, amount: BigInt(Math.ceil(whole)) * UNIT, gas: GAS }));
  return BigInt(Math.ceil(whole)) * WAD;
}

type Book = ReadonlyMap<number, readonly { bid: SignedOrder; ask: SignedOrder }[]>;

/** Opens everybody's position; `tell` hears how far it is. */
export async function openPopulation(
  world: World,
  plans: readonly HolderPlan[],
  seed: number,
  tell: (opened: number) => void,
): Promise<Population> {
  const { book, hedgers } = await openHedgers(world, seed);
  const people = [...new Set(plans.map(({ person }) => person))];
  const [holders, refused]: [Holder[], string[]] = [[], []];
  const open = async (person: number): Promise<void> => {
    const own = plans.filter((plan) => plan.person === person);
    const brings = own.reduce((sum, { margin }) => sum + margin, 0);
    const { client, signer } = await enroll(world, keyOf(`person ${person}`, seed), brings);
    await bringWeth(world, client, signer.address, own);
    for (const plan of own) {
      const opened = await openHolder(client, signer.address, plan, book);
      if (typeof opened === "string") refused.push(opened);
      else holders.push(opened);
      tell(holders.length + refused.length);
    }
  };
  await inTurns(people, open);
  if (holders.length === 0) throw new MarketError(`nobody could open: ${refused[0]}`, "try another --seed");
  const byPlace = ({ plan: { person, subId } }: Holder): number => person * ACCOUNTS_EACH + subId;
  return { holders: holders.sort((a, b) => byPlace(a) - byPlace(b)), hedgers, refused };
}

/** So many at a time. */
const AT_ONCE = 6;

async function inTurns<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = [...items];
  const worker = async (): Promise<void> => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

async function openHedgers(world: World, seed: number): Promise<{ book: Book; hedgers: Hedger[] }> {
  const { client, signer } = await enroll(world, keyOf("hedger", seed), HEDGER * HEDGERS);
  const book = new Map<number, { bid: SignedOrder; ask: SignedOrder }[]>();
  const hedgers: Hedger[] = [];
  for (let i = 1; i <= HEDGERS; i++) {
    const account = accountId(signer.address, BigInt(i));
    hedgers.push({ account, client, brought: await fund(client, account, HEDGER) });
    for (const [k, { asset, price }] of PERPS.entries()) {
      const terms = { account, asset, limit: BigInt(price) * WAD, expiry: FOREVER };
      const size = 10n ** 9n * WAD;
      const bid = await signOrder(client, { ...terms, size, nonce: BigInt(2 * k + 1) });
      const ask = await signOrder(client, { ...terms, size: -size, nonce: BigInt(2 * k + 2) });
      book.set(asset, [...(book.get(asset) ?? []), { bid, ask }]);
    }
  }
  return { book, hedgers };
}

/** Half of a margin in WETH is worth a fifth less. */
const wethOf = ({ margin }: HolderPlan): bigint => parseUnits(((0.5 * margin) / 0.8 / 2_000).toFixed(6), 18);

async function bringWeth(world: World, client: Client, owner: Address, plans: readonly HolderPlan[]): Promise<void> {
  const amount = plans.filter(({ weth }) => weth).reduce((sum, plan) => sum + wethOf(plan), 0n);
  if (amount === 0n) return;
  await mint(world, world.weth, owner, amount);
  await confirm(client, await approve(client, { asset: WETH, amount }));
}

/** How often something is tried: a node may answer a call with the state of one block and the time of another. */
const TRIES = 4;

/** What reverts has done nothing: it is tried again. */
async function insist<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof Panicked) || tries === TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

async function openHolder(client: Client, owner: Address, plan: HolderPlan, book: Book): Promise<Holder | string> {
  const account = accountId(getAddress(owner), BigInt(plan.subId));
  const place = plan.person * ACCOUNTS_EACH + plan.subId;
  try {
    let brought = await insist(() => fund(client, account, plan.weth ? plan.margin / 2 : plan.margin));
    if (plan.weth) {
      const weth = { account, asset: WETH, amount: wethOf(plan), gas: GAS };
      await insist(async () => confirm(client, await deposit(client, weth)));
      brought += wethOf(plan) * 2_000n;
    }
    for (const leg of plan.legs) await take(client, account, leg, book, place);
    return { account, plan, client, brought };
  } catch (error) {
    return (error as Error).message.split("\n")[0] ?? "";
  }
}

async function take(client: Client, account: AccountId, leg: LegPlan, book: Book, place: number): Promise<void> {
  const offers = book.get(leg.asset) ?? [];
  const offer = offers[place % offers.length];
  const price = PERPS.find(({ asset }) => asset === leg.asset)?.price ?? 1;
  if (offer === undefined) throw new MarketError(`nobody offers asset ${leg.asset}`, "this is a fault of the program");
  const size = parseUnits((Math.abs(leg.notional) / price).toFixed(9), 18);
  const maker = leg.notional > 0 ? offer.ask : offer.bid;
  const fill = { maker, taker: account, most: size, least: size, gas: GAS };
  await insist(async () => confirm(client, await fillOrder(client, fill)));
}
