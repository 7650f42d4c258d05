// One side of a perp: its index, and the ticks of basis at which its members are filed.
import * as Deleverage from "./deleverage.js";
import { mulDivDown } from "./fixedPoint.js";
import { ArithmeticError, asUint } from "./integers.js";
import * as Ticks from "./ticks.js";

/** A member of its side like any position: brought to the side's version when it is used. */
export interface Tick {
  size: bigint;
  version: bigint;
  epoch: bigint;
  members: bigint;
  /** Whether any share ever touched it. */
  shared: boolean;
  cashIndex: bigint;
  taken: bigint;
  cashEpoch: bigint;
}

export interface Checkpoint {
  readonly multiplier: bigint;
  readonly cashIndex: bigint;
}

export interface TickCheckpoint {
  readonly cashIndex: bigint;
  readonly taken: bigint;
}

export interface EpochEnd {
  readonly multiplier: bigint;
  readonly cashIndex: bigint;
  readonly fundingIndex: bigint;
}

export interface Side {
  /** Rises with every offset. */
  version: bigint;
  /** Rises with every share and with every end of an epoch. */
  shareVersion: bigint;
  epoch: bigint;
  multiplier: bigint;
  cashIndex: bigint;
  /** The tick at which a share goes on that did not get through all of them; zero for none. */
  page: bigint;
  /** By version. */
  readonly checkpoints: Map<bigint, Checkpoint>;
  /** By epoch. */
  readonly epochEnds: Map<bigint, EpochEnd>;
  /** By tick. */
  readonly ticks: Map<bigint, Tick>;
  /** By tick and share version. */
  readonly tickCheckpoints: Map<string, TickCheckpoint>;
  /** By tick and epoch. */
  readonly tickEpochEnds: Map<string, bigint>;
}

/** A position refers to a version of its side that nobody has written down. */
export class CheckpointMissing extends ArithmeticError {
  override name = "CheckpointMissing";

  constructor(readonly version: bigint) {
    super(`the side has no checkpoint of version ${version}`);
  }
}

export function create(): Side {
  return {
    version: 0n,
    shareVersion: 0n,
    epoch: 0n,
    multiplier: Deleverage.ONE,
    cashIndex: 0n,
    page: 0n,
    checkpoints: new Map(),
    epochEnds: new Map(),
    ticks: new Map(),
    tickCheckpoints: new Map(),
    tickEpochEnds: new Map(),
  };
}

/** What a tick has at a moment of its side: a tick and a version or an epoch. */
export function keyOf(tick: bigint, moment: bigint): string {
  return `${tick}/${moment}`;
}

export function checkpointAt(side: Side, version: bigint): Checkpoint {
  const found = version === side.version ? side : side.checkpoints.get(version);
  if (found === undefined) throw new CheckpointMissing(version);
  return found;
}

export function epochEndOf(side: Side, epoch: bigint): EpochEnd {
  const found = side.epochEnds.get(epoch);
  if (found === undefined) throw new CheckpointMissing(epoch);
  return found;
}

export function tickAt(side: Side, index: bigint): Tick {
  const found = side.ticks.get(index);
  if (found !== undefined) return found;
  const tick = {
    size: 0n,
    version: 0n,
    epoch: 0n,
    members: 0n,
    shared: false,
    cashIndex: 0n,
    taken: 0n,
    cashEpoch: 0n,
  };
  side.ticks.set(index, tick);
  return tick;
}

/** The tick's size as of now: it is a lazy member of its side like any position. */
export function tickSize(side: Side, tick: Tick): bigint {
  let { size } = tick;
  if (size === 0n || tick.version === side.version) return size;
  let from = checkpointAt(side, tick.version).multiplier;
  for (let { epoch } = tick; epoch < side.epoch && size !== 0n; ++epoch) {
    size = mulDivDown(size, epochEndOf(side, epoch).multiplier, from);
    from = Deleverage.ONE;
  }
  return mulDivDown(size, side.multiplier, from);
}

export function tickCashAt(side: Side, index: bigint, epoch: bigint): bigint {
  const tick = tickAt(side, index);
  return epoch === tick.cashEpoch ? tick.cashIndex : (side.tickEpochEnds.get(keyOf(index, epoch)) ?? 0n);
}

/** The ticks that have members, in order of price. */
export function ticksInUse(side: Side): bigint[] {
  const used = [...side.ticks].flatMap(([index, { members }]) => (members === 0n ? [] : [index]));
  return used.sort((a, b) => Number(a - b));
}

/** Brings a tick to its side's version, which then has its checkpoint. */
export function use(side: Side, index: bigint): Tick {
  const tick = tickAt(side, index);
  writeCheckpoint(side);
  if (tick.version === side.version) return tick;
  tick.size = asUint(tickSize(side, tick), 96);
  tick.version = side.version;
  tick.epoch = side.epoch;
  return tick;
}

/** A member leaves, or a part of one. */
export function exit(side: Side, basis: bigint, size: bigint, whole: boolean): Tick {
  const tick = use(side, Ticks.tickOf(basis));
  tick.size = tick.size > size ? tick.size - size : 0n;
  if (!whole) return tick;
  if (--tick.members === 0n) [tick.size, tick.taken] = [0n, 0n];
  return tick;
}

export function join(side: Side, basis: bigint, size: bigint): Tick {
  const tick = use(side, Ticks.tickOf(basis));
  tick.size += size;
  tick.members++;
  return tick;
}

/** What a member that is up to date relates to. */
export function adopt(side: Side, basis: bigint, tick: Tick): { version: bigint; shareVersion: bigint; epoch: bigint } {
  writeCheckpoint(side);
  const { version, shareVersion, epoch } = side;
  if (tick.shared) {
    const cashIndex = tick.cashEpoch === epoch ? tick.cashIndex : 0n;
    side.tickCheckpoints.set(keyOf(Ticks.tickOf(basis), shareVersion), { cashIndex, taken: tick.taken });
  }
  return { version, shareVersion, epoch };
}

function writeCheckpoint({ checkpoints, version, multiplier, cashIndex }: Side): void {
  if (!checkpoints.has(version)) checkpoints.set(version, { multiplier, cashIndex });
}
