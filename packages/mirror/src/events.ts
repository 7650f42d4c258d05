// The events that the mirror reads, by who emits them, and what a log says.
import { decodeEventLog, parseAbi, toEventSelector } from "viem";
import type { Abi, AbiEvent, AbiParameter, ContractEventArgsFromTopics, ContractEventName, Hex } from "viem";
import { BadAnswer, UnknownEvent } from "./errors.js";

const STRUCTS = [
  "struct AssetConfig { uint8 kind; uint8 state; uint16 haircut; uint16 floorRate; uint16 capRate; uint16 initialFactor; uint16 initialCap; uint16 deviations; uint16 horizon; uint16 fundingSlope; uint16 fundingCap; uint96 depth; }",
  "struct AssetLimits { uint96 total; uint96 crowdedFrom; uint64 perAccount; }",
  "struct Conditions { uint64 maintenanceRate; uint64 targetRate; int32 fundingRate; int32 fundingTarget; uint32 depthShare; uint32 maintenanceDepthShare; }",
  "struct Pool { address owner; uint16 halfSpread; uint16 ageFactor; uint16 deviation; uint16 inventoryLimit; uint16 oneSided; uint16 leverageLimit; }",
  "struct HouseTerms { uint96 leastMargin; uint64 debtRate; uint16 debtCap; uint16 pegBound; uint16 insuranceShare; uint16 listed; uint16 outflow; uint16 outflowFloor; }",
  "struct Terms { uint16 target; uint16 incentive; uint16 penalty; uint16 reduceImpact; uint16 window; uint16 inFlight; uint16 latency; uint16 backstop; uint96 tip; }",
  "struct Lot { uint96 size; uint48 start; uint16 duration; uint32 floor; uint256 keeper; }",
  "struct Minute { uint112 sold; uint48 start; }",
  "struct Source { address source; uint32 maxAge; }",
] as const;

/** Of the ledger, with the events of its linked libraries. */
export const clearingHouseAbi = parseAbi([
  ...STRUCTS,
  "event Deposited(uint256 indexed account, uint16 indexed asset, address indexed payer, uint256 value, int256 balance)",
  "event Withdrawn(uint256 indexed account, uint16 indexed asset, address indexed to, uint256 value, uint256 paid, int256 balance)",
  "event OutflowWindow(uint16 indexed asset, uint256 start, uint256 held)",
  "event OperatorSet(address indexed owner, address indexed operator, bool approved)",
  "event CashChanged(uint256 indexed account, int256 cash)",
  "event PositionChanged(uint256 indexed account, uint16 indexed asset, int256 size, uint256 basis, int256 settled)",
  "event Exchanged(uint16 indexed asset, uint256 indexed buyer, uint256 indexed seller, uint256 size, uint256 price, uint256 openInterest)",
  "event Liquidated(uint256 indexed account, uint16 indexed asset, uint256 indexed taker, uint256 size, int256 loss)",
  "event Offset(uint256 indexed account, uint16 indexed asset, uint256 size, uint256 price)",
  "event FundingAccrued(uint16 indexed asset, int256 fundingIndex)",
  "event ConditionsChanged(uint16 indexed asset, Conditions conditions)",
  "event PoolSet(uint16 indexed asset, Pool before, Pool pool)",
  "event HouseTermsSet(HouseTerms terms)",
  "event FeesShared(uint256 insured, uint256 kept)",
  "event DebtChanged(uint256 indexed account, uint256 amount)",
  "event InterestCharged(uint256 indexed account, uint256 amount)",
  "event DeficitBooked(uint16 indexed asset, uint256 indexed account, uint256 amount)",
  "event DeficitReduced(uint16 indexed asset, uint256 amount)",
  "event DeficitInsured(uint16 indexed asset, uint256 amount)",
  "event InsuranceUsed(uint16 indexed asset, uint256 amount)",
  "event Skimmed(uint16 indexed asset, uint256 value)",
  "event CallSkipped(uint256 indexed index, bytes reason)",
  "event AssetListed(uint16 indexed asset, AssetConfig config, AssetLimits limits, address token)",
  "event AssetConfigured(uint16 indexed asset, AssetConfig config, AssetLimits limits)",
  "event MarketRetired(uint16 indexed asset)",
  "event CapabilityChanged(address indexed stage, uint8 indexed capability, bool granted)",
  "event SideOffset(uint16 indexed asset, bool indexed long, uint256 closed, uint256 price, uint256 version, uint256 multiplier, int256 cashIndex, uint256 openInterest)",
  "event EpochEnded(uint16 indexed asset, bool indexed long, uint256 epoch)",
  "event TickShared(uint16 indexed asset, bool indexed long, uint256 indexed tick, uint256 shareVersion, uint256 charge)",
  "event ProfitShared(uint16 indexed asset, bool indexed long, uint256 shareVersion, uint256 fraction, uint256 paid, uint256 dust)",
]);

export const oracleRouterAbi = parseAbi([
  ...STRUCTS,
  "event PriceLatched(uint16 indexed asset, uint256 mark, uint256 fast, uint256 slow, uint256 updatedAt, uint8 status)",
  "event VarianceSampled(uint16 indexed asset, uint256 short, uint256 long)",
  "event PriceFixed(uint16 indexed asset, uint256 price)",
  "event SourcesSet(uint16 indexed asset, Source[] before, Source[] afterwards, uint8 quorum, uint16 maxDivergence)",
]);

export const liquidatorAbi = parseAbi([
  ...STRUCTS,
  "event WindowUsed(uint16 indexed asset, uint256 start, uint256 used)",
  "event LotChanged(uint256 indexed account, uint16 indexed asset, Lot lot)",
  "event EpisodeChanged(uint256 indexed account, uint256 since, uint256 left)",
  "event TermsSet(uint16 indexed asset, Terms before, Terms terms)",
  "event BackstopSet(uint256 indexed before, uint256 indexed backstop)",
]);

/** Of every vault with shares, with what single kinds of them add. */
export const vaultAbi = parseAbi([
  ...STRUCTS,
  "event Transfer(address indexed from, address indexed to, uint256 value)",
  "event OperatorSet(address indexed controller, address indexed operator, bool approved)",
  "event RequestChanged(address indexed controller, uint256 shares, uint256 value, uint256 claimableAt)",
  "event Valued(uint256 value, uint256 locked, uint256 start, uint256 end)",
  "event GenerationEnded(uint256 indexed generation, uint256 supply)",
  "event SpotSold(uint16 indexed spot, address indexed buyer, uint256 size, uint256 price, uint256 paid, Minute minute)",
  "event Unwound(uint16 indexed asset, int256 size, uint256 price, Minute minute)",
]);

export const abis = {
  clearingHouse: clearingHouseAbi,
  oracle: oracleRouterAbi,
  liquidator: liquidatorAbi,
  vault: vaultAbi,
} as const;

export type Emitter = keyof typeof abis;
type Abis = typeof abis;

export type EventName<E extends Emitter> = ContractEventName<Abis[E]>;
export type EventArgs<E extends Emitter, N extends EventName<E>> = ContractEventArgsFromTopics<Abis[E], N>;

export interface RawLog {
  readonly address: string;
  readonly topics: readonly string[];
  readonly data: string;
  readonly logIndex: number;
}

export interface Decoded {
  readonly name: string;
  readonly args: Readonly<Record<string, unknown>>;
}

type Read = (word: string) => unknown;

/** One event, prepared: how to read each topic, and each word of its data. */
interface Layout {
  readonly event: AbiEvent;
  readonly indexed: readonly { name: string; read: Read }[];
  /** None when the data is not a row of words. */
  readonly words: readonly { path: readonly string[]; read: Read }[] | undefined;
}

/** Reads logs of one kind of emitter. */
export class Decoder {
  private readonly layouts = new Map<string, Layout>();

  constructor(
    private readonly abi: Abi,
    /** A log that is not in the ABI says that something is not understood; a token may have others. */
    private readonly complete: boolean,
  ) {
    for (const item of abi) if (item.type === "event") this.layouts.set(toEventSelector(item), layoutOf(item));
  }

  get topics(): string[] {
    return [...this.layouts.keys()];
  }

  decode(log: RawLog, block: number): Decoded | undefined {
    const layout = this.layouts.get(log.topics[0] ?? "");
    if (layout === undefined) {
      if (this.complete) throw new UnknownEvent(log.address, log.topics[0] ?? "", block);
      return undefined;
    }
    return { name: layout.event.name, args: layout.words === undefined ? this.slow(log) : read(layout, log) };
  }

  private slow(log: RawLog): Record<string, unknown> {
    const topics = log.topics as [Hex, ...Hex[]];
    return decodeEventLog({ abi: this.abi, data: log.data as Hex, topics }).args as unknown as Record<string, unknown>;
  }
}

function layoutOf(event: AbiEvent): Layout {
  const indexed = event.inputs
    .filter((input) => input.indexed)
    .map((input) => ({ ...named(input), read: reader(input) }));
  const rest = event.inputs.filter((input) => !input.indexed);
  if (rest.some(isDynamic)) return { event, indexed, words: undefined };
  return { event, indexed, words: rest.flatMap((input) => flatten(input, [])) };
}

function read(layout: Layout, log: RawLog): Record<string, unknown> {
  const args: Record<string, unknown> = {};
  layout.indexed.forEach(({ name, read }, i) => (args[name] = read((log.topics[i + 1] ?? "").slice(2))));
  const words = layout.words ?? [];
  if (log.data.length !== 2 + 64 * words.length) {
    throw new BadAnswer("eth_getLogs", `${layout.event.name} with ${(log.data.length - 2) / 2} bytes of data`);
  }
  words.forEach(({ path, read }, i) => put(args, path, read(log.data.slice(2 + 64 * i, 66 + 64 * i))));
  return args;
}

function put(into: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [first = "", ...rest] = path;
  if (rest.length === 0) into[first] = value;
  else put((into[first] ??= {}) as Record<string, unknown>, rest, value);
}

function flatten(parameter: AbiParameter, path: readonly string[]): { path: readonly string[]; read: Read }[] {
  const here = [...path, parameter.name ?? ""];
  if ("components" in parameter) return parameter.components.flatMap((part) => flatten(part, here));
  return [{ path: here, read: reader(parameter) }];
}

function isDynamic(parameter: AbiParameter): boolean {
  if (parameter.type.endsWith("]") || parameter.type === "bytes" || parameter.type === "string") return true;
  return "components" in parameter && parameter.components.some(isDynamic);
}

function named(parameter: AbiParameter): { name: string } {
  return { name: parameter.name ?? "" };
}

/** A word as the type says; integers of up to 48 bits are numbers. */
function reader({ type }: AbiParameter): Read {
  if (type === "bool") return (word) => BigInt(`0x${word}`) !== 0n;
  if (type === "address") return (word) => `0x${word.slice(24)}`;
  const [, sign, bits] = /^(u?)int(\d+)$/.exec(type) ?? [];
  if (bits === undefined) return (word) => `0x${word}`;
  const width = Number(bits);
  const whole: (word: string) => bigint =
    sign === "u" ? (word) => BigInt(`0x${word}`) : (word) => BigInt.asIntN(width, BigInt(`0x${word}`));
  return width <= 48 ? (word) => Number(whole(word)) : whole;
}
