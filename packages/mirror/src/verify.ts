// Compares the mirror with the chain, view by view, at the block it stands at.
import { decodeFunctionResult, encodeFunctionData, parseAbi, type Hex } from "viem";
import { FixedPoint } from "@ballast/math";
import { BadAnswer } from "./errors.js";
import type { BlockId } from "./journal.js";
import type { Ledger } from "./ledger.js";
import type { Rpc } from "./rpc.js";
import { DUST, FEES, INSURANCE, QUOTE, TREASURY, deficitRow, settlementRow } from "./rows.js";

/** A number that is not the same there and here. */
export interface Difference {
  readonly subject: string;
  readonly field: string;
  readonly chain: string;
  readonly mirror: string;
}

export interface Verification {
  readonly block: BlockId;
  /** Numbers compared. */
  readonly compared: number;
  readonly differences: readonly Difference[];
}

type Scalar = bigint | number | boolean | string;
type Fields = Readonly<Record<string, Scalar>>;

/** One view, and what the mirror has for the fields of its answer. */
interface Check {
  readonly subject: string;
  readonly to: string;
  readonly name: string;
  readonly args: readonly unknown[];
  readonly mirror: Fields;
  /** The fields of the answer that the mirror knows. */
  readonly fields: (answer: unknown) => Fields;
}

export const viewAbi = parseAbi([
  "struct Position { int96 size; uint80 basis; uint40 version; uint40 shareVersion; int128 fundingIndex; uint24 epoch; }",
  "struct Config { uint8 kind; uint8 state; uint16 haircut; uint16 floorRate; uint16 capRate; uint16 initialFactor; uint16 initialCap; uint16 deviations; uint16 horizon; uint16 fundingSlope; uint16 fundingCap; uint96 depth; }",
  "struct Limits { uint96 total; uint96 crowdedFrom; uint64 perAccount; }",
  "struct Conditions { uint64 maintenanceRate; uint64 targetRate; int32 fundingRate; int32 fundingTarget; uint32 depthShare; uint32 maintenanceDepthShare; }",
  "struct Losses { uint120 coverable; uint80 sharedAt; uint40 spentUntil; uint8 loser; bool standing; }",
  "struct PerpView { int256 fundingIndex; uint256 openInterest; uint256 accruedAt; Conditions conditions; Losses losses; }",
  "struct SideView { uint256 version; uint256 shareVersion; uint256 epoch; uint256 multiplier; int256 cashIndex; uint256 page; }",
  "struct Reserve { address token; uint8 decimals; uint32 windowStart; uint56 windowHeld; uint128 held; uint128 deficit; }",
  "struct Budget { uint128 hourUsed; uint128 hourFund; uint128 dayUsed; uint128 dayFund; uint40 hourStart; uint40 dayStart; }",
  "struct Pool { address owner; uint16 halfSpread; uint16 ageFactor; uint16 deviation; uint16 inventoryLimit; uint16 oneSided; uint16 leverageLimit; }",
  "struct HouseTerms { uint96 leastMargin; uint64 debtRate; uint16 debtCap; uint16 pegBound; uint16 insuranceShare; uint16 listed; uint16 outflow; uint16 outflowFloor; }",
  "struct Debt { uint128 amount; uint40 since; }",
  "struct Price { uint256 mark; uint256 fast; uint256 slow; uint256 sigma; uint256 updatedAt; uint8 status; }",
  "struct Terms { uint16 target; uint16 incentive; uint16 penalty; uint16 reduceImpact; uint16 window; uint16 inFlight; uint16 latency; uint16 backstop; uint96 tip; }",
  "struct Lot { uint96 size; uint48 start; uint16 duration; uint32 floor; uint256 keeper; }",
  "struct LotView { uint256 size; uint256 least; uint256 price; int256 premium; uint256 start; uint256 end; bool long; Lot lot; }",
  "function cashOf(uint256 account) view returns (int256)",
  "function legsOf(uint256 account) view returns (uint16[])",
  "function positionOf(uint256 account, uint16 asset) view returns (Position)",
  "function debtOf(uint256 account) view returns (Debt debt, uint256 interest)",
  "function configOf(uint16 asset) view returns (Config config, Limits limits)",
  "function perpOf(uint16 asset) view returns (PerpView)",
  "function sideOf(uint16 asset, bool long) view returns (SideView)",
  "function poolOf(uint16 asset) view returns (Pool)",
  "function reserveOf(uint16 asset) view returns (Reserve)",
  "function budgetOf(uint16 asset) view returns (Budget)",
  "function insurable(uint16 asset) view returns (uint256)",
  "function owed() view returns (uint256)",
  "function totalDeficit() view returns (uint256)",
  "function houseTerms() view returns (HouseTerms)",
  "function latched(uint16 asset) view returns (Price price, uint256 time)",
  "struct PickedUp { int256 size; int256 cash; uint256 basis; }",
  "struct Assessment { int256 equity; int256 marginEquity; uint256 maintenance; int256 fastMarginEquity; uint256 fastMaintenance; int256 initialEquity; uint256 initial; int256 quoteEquity; uint256 collateral; bool diverged; }",
  "function previewPosition(uint256 account, uint16 asset) view returns (PickedUp)",
  "function assess(uint256 account) view returns (Assessment)",
  "function shareable(uint16 asset, bool long) view returns (uint256)",
  "function isFixed(uint16 asset) view returns (bool)",
  "function staleSince(uint16 asset) view returns (uint256)",
  "function lotOf(uint256 account, uint16 asset) view returns (LotView)",
  "function flowOf(uint16 asset) view returns (uint256 inFlight, uint256 windowLeft)",
  "function tipLeft(uint256 account) view returns (uint256 since, uint256 left)",
  "function termsOf(uint16 asset) view returns (Terms)",
  "function backstop() view returns (uint256)",
  "function totalSupply() view returns (uint256)",
  "function balanceOf(address holder) view returns (uint256)",
]);

type ViewName = Extract<(typeof viewAbi)[number], { type: "function" }>["name"];

export interface VerifyOptions {
  /** Which accounts; all that the mirror knows when not given. */
  readonly accounts?: Iterable<bigint>;
  /** At most so many of them, spread evenly. */
  readonly sample?: number;
}

/** Asks the chain for every number that the mirror has of these accounts and of all assets. */
export async function verify(ledger: Ledger, rpc: Rpc, options: VerifyOptions = {}): Promise<Verification> {
  const block = ledger.head;
  if (block === undefined) throw new BadAnswer("verify", "the mirror has no block yet");
  const [header] = await rpc.batch([{ method: "eth_getBlockByNumber", params: [hex(block.number), false] }]);
  const { hash, timestamp } = (header ?? {}) as { hash?: string; timestamp?: string };
  if (hash !== block.hash)
    throw new BadAnswer("eth_getBlockByNumber", `block ${block.number} is ${hash}, here ${block.hash}`);
  const accounts = sampled([...(options.accounts ?? ledger.accounts())], options.sample);
  const checks = [
    ...houseChecks(ledger, BigInt(timestamp ?? "0x0")),
    ...accounts.flatMap((id) => accountChecks(ledger, id, BigInt(timestamp ?? "0x0"))),
  ];
  const answers = await rpc.batch(checks.map((check) => ({ method: "eth_call", params: callOf(check, block) })));
  const differences = checks.flatMap((check, i) => compare(check, answers[i] as Hex));
  return { block, compared: checks.reduce((sum, { mirror }) => sum + Object.keys(mirror).length, 0), differences };
}

function sampled(accounts: bigint[], size = accounts.length): bigint[] {
  if (size >= accounts.length) return accounts;
  return Array.from({ length: size }, (_, i) => accounts[Math.floor((i * accounts.length) / size)] ?? 0n);
}

function hex(number: number): string {
  return `0x${number.toString(16)}`;
}

function callOf({ to, name, args }: Check, block: BlockId): unknown[] {
  const data = encodeFunctionData({ abi: viewAbi, functionName: name as ViewName, args: args as never });
  return [{ to, data }, hex(block.number)];
}

function compare({ subject, to, name, mirror, fields }: Check, answer: Hex): Difference[] {
  if (answer === "0x") throw new BadAnswer("eth_call", `there is no contract at ${to}`);
  const chain = fields(decodeFunctionResult({ abi: viewAbi, functionName: name as ViewName, data: answer }));
  return Object.entries(mirror).flatMap(([field, ours]) => {
    const theirs = chain[field] ?? "nothing";
    const same = String(theirs).toLowerCase() === String(ours).toLowerCase();
    return same ? [] : [{ subject, field, chain: String(theirs), mirror: String(ours) }];
  });
}

const single = (value: unknown): Fields => ({ value: value as Scalar });
const flat = (value: unknown): Fields => value as Fields;

function houseChecks(ledger: Ledger, time: bigint): Check[] {
  const { reserves, markets, lots, deployment } = ledger;
  const to = deployment.clearingHouse;
  const assets = [...markets.assets()];
  return [
    { subject: "house", to, name: "totalDeficit", args: [], mirror: { value: reserves.deficit }, fields: single },
    { subject: "house", to, name: "owed", args: [], mirror: { value: markets.owed() }, fields: single },
    {
      subject: "house",
      to,
      name: "houseTerms",
      args: [],
      mirror: { ...reserves.terms, listed: ledger.perps.length },
      fields: flat,
    },
    {
      subject: "liquidator",
      to: deployment.liquidator,
      name: "backstop",
      args: [],
      mirror: { value: lots.backstop },
      fields: single,
    },
    ...[QUOTE, ...assets].map((asset) => reserveCheck(ledger, asset)),
    ...[QUOTE, ...assets].flatMap((asset) => priceChecks(ledger, asset)),
    ...assets.flatMap((asset) => [...marketChecks(ledger, asset, time), ...chainChecks(ledger, asset, time)]),
    ...[TREASURY, INSURANCE, DUST, FEES, ...assets.flatMap((asset) => [deficitRow(asset), settlementRow(asset)])].map(
      (row) => cashCheck(ledger, row),
    ),
    ...deployment.vaults.flatMap((vault) => vaultChecks(ledger, vault)),
  ];
}

function vaultChecks({ vaults }: Ledger, vault: string): Check[] {
  const subject = `vault ${vault}`;
  const supply = { value: vaults.of(vault).supply };
  return [
    { subject, to: vault, name: "totalSupply", args: [], mirror: supply, fields: single },
    ...[...vaults.holders(vault)].map(({ holder, shares }) => ({
      subject: `${holder} in ${subject}`,
      to: vault,
      name: "balanceOf",
      args: [holder],
      mirror: { value: shares },
      fields: single,
    })),
  ];
}

function reserveCheck(ledger: Ledger, asset: number): Check {
  const { held, windowStart, windowHeld } = ledger.reserves.of(asset);
  return {
    subject: `reserve of asset ${asset}`,
    to: ledger.deployment.clearingHouse,
    name: "reserveOf",
    args: [asset],
    mirror: { held, windowStart, windowHeld },
    fields: (answer) => {
      const reserve = flat(answer);
      return { ...reserve, windowHeld: BigInt(reserve["windowHeld"] ?? 0) * 10n ** 15n };
    },
  };
}

function priceChecks({ prices, deployment }: Ledger, asset: number): Check[] {
  const to = deployment.oracle;
  const { mark, fast, slow, updatedAt, status, time, fixed } = prices.of(asset);
  const subject = `price of asset ${asset}`;
  return [
    {
      subject,
      to,
      name: "latched",
      args: [asset],
      mirror: { mark, fast, slow, updatedAt, status, time, sigma: prices.sigmaOf(asset) },
      fields: (answer) => {
        const [price, time] = answer as [Fields, bigint];
        return { ...price, time };
      },
    },
    { subject, to, name: "isFixed", args: [asset], mirror: { value: fixed }, fields: single },
    { subject, to, name: "staleSince", args: [asset], mirror: { value: prices.staleSince(asset) }, fields: single },
  ];
}

function marketChecks(ledger: Ledger, asset: number, time: bigint): Check[] {
  const { markets } = ledger;
  const to = ledger.deployment.clearingHouse;
  const subject = `asset ${asset}`;
  const { config, limits, pool } = markets.of(asset);
  return [
    {
      subject,
      to,
      name: "configOf",
      args: [asset],
      mirror: { ...config, ...limits },
      fields: (answer) => Object.assign({}, ...(answer as Fields[])) as Fields,
    },
    { subject, to, name: "poolOf", args: [asset], mirror: pool, fields: flat },
    { subject, to, name: "budgetOf", args: [asset], mirror: { ...markets.budgetOf(asset, time) }, fields: flat },
    {
      subject,
      to,
      name: "insurable",
      args: [asset],
      mirror: { value: markets.insurable(asset, time) },
      fields: single,
    },
    perpCheck(ledger, asset),
    sideCheck(ledger, asset, true),
    sideCheck(ledger, asset, false),
    ...(isNow(ledger, asset, time) ? [shareCheck(ledger, asset, true), shareCheck(ledger, asset, false)] : []),
  ];
}

function perpCheck({ markets, deployment }: Ledger, asset: number): Check {
  const { fundingIndex, openInterest, conditions, coverable, loser, sharedAt, spentUntil } = markets.of(asset);
  return {
    subject: `asset ${asset}`,
    to: deployment.clearingHouse,
    name: "perpOf",
    args: [asset],
    mirror: {
      fundingIndex,
      openInterest,
      coverable,
      loser,
      sharedAt,
      spentUntil,
      ...conditions,
      standing: markets.deficitOf(asset) > 0n,
    },
    fields: (answer) => {
      const { conditions, losses, ...perp } = answer as Fields & { conditions: Fields; losses: Fields };
      return { ...perp, ...conditions, ...losses };
    },
  };
}

function sideCheck({ sides, deployment, markets }: Ledger, asset: number, long: boolean): Check {
  const side = sides.of(asset, long);
  const page = sides.page(asset, long);
  // What never was a perp has no multiplier there.
  const mirror = BigInt(markets.of(asset).token) === 0n ? { ...side, page } : { version: side.version, page };
  const subject = `${long ? "longs" : "shorts"} of asset ${asset}`;
  return { subject, to: deployment.clearingHouse, name: "sideOf", args: [asset, long], mirror, fields: flat };
}

function chainChecks({ lots, markets, deployment }: Ledger, asset: number, time: bigint): Check[] {
  const terms = lots.termsOf(asset);
  const subject = `closing chain of asset ${asset}`;
  const to = deployment.liquidator;
  if (terms === undefined) return [];
  const { inFlight } = lots.flowOf(asset);
  const used = lots.windowUsed(asset, time);
  const allowance = FixedPoint.mulDivDown(markets.depthOf(asset), BigInt(terms.window), 10_000n);
  const flow: Check = {
    subject,
    to,
    name: "flowOf",
    args: [asset],
    mirror: { inFlight, windowLeft: allowance > used ? allowance - used : 0n },
    fields: (answer) => {
      const [inFlight, windowLeft] = answer as [bigint, bigint];
      return { inFlight, windowLeft };
    },
  };
  return [flow, { subject, to, name: "termsOf", args: [asset], mirror: terms, fields: flat }];
}

function cashCheck(ledger: Ledger, account: bigint): Check {
  return {
    subject: `row ${account}`,
    to: ledger.deployment.clearingHouse,
    name: "cashOf",
    args: [account],
    mirror: { value: ledger.cashOf(account) },
    fields: single,
  };
}

/** Views of now are the mirror's as long as no time has passed since a market was brought up to date. */
function isNow({ markets, prices }: Ledger, asset: number, time: bigint): boolean {
  const priced = prices.of(asset).time === time || prices.of(asset).fixed;
  return priced && (!markets.isPerp(asset) || markets.of(asset).accruedAt === time);
}

function shareCheck(ledger: Ledger, asset: number, long: boolean): Check {
  const mirror = { value: ledger.sides.shareable(asset, long, ledger.prices.markOf(asset)) };
  const to = ledger.deployment.clearingHouse;
  return { subject: `shares of asset ${asset}`, to, name: "shareable", args: [asset, long], mirror, fields: single };
}

function equityChecks(ledger: Ledger, account: bigint, time: bigint): Check[] {
  const legs = ledger.legsOf(account);
  if (!legs.every((asset) => isNow(ledger, asset, time))) return [];
  const equity = { equity: ledger.equityOf(account, time) };
  const to = ledger.deployment.clearingHouse;
  const previews = legs.map((asset) => ({
    subject: `asset ${asset} of account ${account} after a touch`,
    to,
    name: "previewPosition",
    args: [account, asset],
    mirror: { ...ledger.positions.preview(ledger.positions.of(account, asset)) },
    fields: flat,
  }));
  const subject = `account ${account}`;
  return [...previews, { subject, to, name: "assess", args: [account], mirror: equity, fields: flat }];
}

function accountChecks(ledger: Ledger, account: bigint, time: bigint): Check[] {
  const to = ledger.deployment.clearingHouse;
  const subject = `account ${account}`;
  const { amount, since } = ledger.reserves.debtOf(account);
  const { legs, closed } = ledger.cash.account(account);
  const assets = [...legs, ...closed].map(({ asset }) => asset);
  return [
    cashCheck(ledger, account),
    {
      subject,
      to,
      name: "legsOf",
      args: [account],
      mirror: { legs: ledger.legsOf(account).join(" ") },
      fields: (answer) => ({ legs: (answer as number[]).join(" ") }),
    },
    {
      subject,
      to,
      name: "debtOf",
      args: [account],
      mirror: { amount, since },
      fields: (answer) => (answer as [Fields])[0],
    },
    {
      subject,
      to: ledger.deployment.liquidator,
      name: "tipLeft",
      args: [account],
      mirror: { ...ledger.lots.episodeOf(account) },
      fields: (answer) => {
        const [since, left] = answer as [bigint, bigint];
        return { since, left };
      },
    },
    ...assets.flatMap((asset) => legChecks(ledger, account, asset)),
    ...equityChecks(ledger, account, time),
  ];
}

function legChecks(ledger: Ledger, account: bigint, asset: number): Check[] {
  const { size, basis, fundingIndex, side } = ledger.positions.of(account, asset);
  const { version, shareVersion, epoch } = side;
  const subject = `asset ${asset} of account ${account}`;
  const lot = ledger.lots.of(account, asset);
  const position: Check = {
    subject,
    to: ledger.deployment.clearingHouse,
    name: "positionOf",
    args: [account, asset],
    mirror: { size, basis, fundingIndex, version, shareVersion, epoch },
    fields: flat,
  };
  if (ledger.lots.termsOf(asset) === undefined) return [position];
  return [
    position,
    {
      subject: `lot of ${subject}`,
      to: ledger.deployment.liquidator,
      name: "lotOf",
      args: [account, asset],
      // A lot that is gone shows nothing of the one before it.
      mirror: lot.size === 0n ? { size: 0n } : { ...lot },
      fields: (answer) => flat((answer as { lot: Fields }).lot),
    },
  ];
}
