// What the mirror needs of the contracts' libraries, under their names.

export const WAD = 10n ** 18n;
export const RAY = 10n ** 27n;

function mulDivDown(x: bigint, y: bigint, d: bigint): bigint {
  return (x * y) / d;
}

function mulDivUp(x: bigint, y: bigint, d: bigint): bigint {
  return (x * y + d - 1n) / d;
}

/** Of all division of the protocol: `Down` and `Up` for unsigned, `Floor` for signed numbers. */
export const FixedPoint = {
  mulDivDown,
  mulDivUp,
  mulDown: (x: bigint, y: bigint): bigint => mulDivDown(x, y, WAD),
  mulUp: (x: bigint, y: bigint): bigint => mulDivUp(x, y, WAD),
  divUp: (x: bigint, d: bigint): bigint => (x + d - 1n) / d,
  mulDivFloor: (x: bigint, y: bigint, d: bigint): bigint => (x < 0n ? -mulDivUp(-x, y, d) : mulDivDown(x, y, d)),
  mulFloor: (x: bigint, y: bigint): bigint => FixedPoint.mulDivFloor(x, y, WAD),
  abs: (x: bigint): bigint => (x < 0n ? -x : x),
  min: (x: bigint, y: bigint): bigint => (x < y ? x : y),
  max: (x: bigint, y: bigint): bigint => (x > y ? x : y),
};

/** What a member of a side is related to at one moment. */
export interface Index {
  readonly multiplier: bigint;
  readonly cash: bigint;
  readonly funding: bigint;
}

export const Deleverage = {
  ONE: 1n << 103n,
  EPOCH_FLOOR: 1n << 80n,

  /** What the account whose exposure is offset gets (a long) or pays (a short) for the closed size. */
  offsetProceeds(long: boolean, closed: bigint, price: bigint): bigint {
    return long ? FixedPoint.mulDown(closed, price) : -FixedPoint.mulUp(closed, price);
  },

  /** |size'| = |size|·m/m₀, down for longs, up for shorts. */
  pickUpSize(long: boolean, size: bigint, from: bigint, to: bigint): bigint {
    return long ? mulDivDown(size, to, from) : mulDivUp(size, to, from);
  },

  /** ⌊|size|·[(K − K₀ − ΔX)·2⁶⁴ − s·(m·F − m₀·F₀)] / (m₀·1e27)⌋ with one rounding. */
  pickUpCash(long: boolean, size: bigint, from: Index, to: Index, charged: bigint): bigint {
    const moved = (to.cash - from.cash - charged) << 64n;
    const funded = to.multiplier * to.funding - from.multiplier * from.funding;
    return FixedPoint.mulDivFloor(long ? moved - funded : moved + funded, size, from.multiplier * RAY);
  },

  /** w = max(0, ⌊maxHaircut·(profit of the tick, from the edge nearest the mark)⌋ − taken), in 1e18. */
  shareCapacity(long: boolean, mark: bigint, edge: bigint, maxHaircut: bigint, taken: bigint): bigint {
    if (long ? mark <= edge : edge <= mark) return 0n;
    const cap = FixedPoint.mulDown(maxHaircut, long ? mark - edge : edge - mark);
    return cap > taken ? cap - taken : 0n;
  },

  /** What a tick of this size pays at this charge. */
  sharePaid(size: bigint, charge: bigint): bigint {
    return mulDivDown(size, charge, RAY);
  },

  /** ΔX = ⌈c·m / 2⁶⁴⌉. */
  shareCash(charge: bigint, multiplier: bigint): bigint {
    return mulDivUp(charge, multiplier, 1n << 64n);
  },

  /** What is taken per unit, from ray up to 1e18. */
  shareTaken(charge: bigint): bigint {
    return FixedPoint.divUp(charge, RAY / WAD);
  },

  /** Moves the basis by ⌈taken / maxHaircut⌉ towards the mark. */
  absorb(long: boolean, basis: bigint, taken: bigint, maxHaircut: bigint): bigint {
    const shift = mulDivUp(taken, WAD, maxHaircut);
    return long ? basis + shift : basis - FixedPoint.min(shift, basis);
  },
};

function log2(x: bigint): bigint {
  const digits = x.toString(16);
  return BigInt(4 * digits.length - 1 - (Math.clz32(parseInt(digits.charAt(0), 16)) - 28));
}

/** Price bands of basis: 64 to a doubling. */
export const Ticks = {
  tickOf(price: bigint): bigint {
    const exponent = log2(price) - 6n;
    return (exponent << 6n) | ((price >> exponent) & 63n);
  },
  lower: (tick: bigint): bigint => (64n + (tick & 63n)) << (tick >> 6n),
  upper: (tick: bigint): bigint => (65n + (tick & 63n)) << (tick >> 6n),
};

export const Funding = {
  /** ⌊size · (from − to)⌋: the payer pays rounded up, the receiver gets rounded down. */
  cash: (size: bigint, from: bigint, to: bigint): bigint => FixedPoint.mulDivFloor(size * (from - to), 1n, RAY),
};

function sqrt(x: bigint): bigint {
  if (x < 2n) return x;
  let root = 1n << (log2(x) / 2n + 1n);
  for (;;) {
    const next = (root + x / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}

export const Volatility = {
  FLOOR: 1_268_391n,

  /** σ = √max(short, long, FLOOR), per √second in 1e18. */
  sigma(short: bigint, long: bigint): bigint {
    const variance = FixedPoint.max(short, long);
    return sqrt(FixedPoint.max(variance, Volatility.FLOOR) * 10n ** 21n);
  },
};

/** What one market used of the insurance fund in the current windows, and the fund when they began. */
export interface Budget {
  readonly hourUsed: bigint;
  readonly hourFund: bigint;
  readonly dayUsed: bigint;
  readonly dayFund: bigint;
  readonly hourStart: bigint;
  readonly dayStart: bigint;
}

const HOUR = 3_600n;
const DAY = 86_400n;

/** How much of the insurance fund one market may use: shares of the fund as it was when the window began. */
export const Budgets = {
  HOUR_SHARE: 1_000n,
  DAY_SHARE: 2_500n,

  /** The budget at `time`, with windows that ended begun again at the present fund. */
  current(budget: Budget, fund: bigint, time: bigint): Budget {
    let now = budget;
    if (time >= budget.hourStart + HOUR) now = { ...now, hourStart: time, hourUsed: 0n, hourFund: fund };
    if (time >= budget.dayStart + DAY) now = { ...now, dayStart: time, dayUsed: 0n, dayFund: fund };
    return now;
  },

  /** What may still be used of a current budget. */
  available(budget: Budget): bigint {
    const hour = left(budget.hourFund, Budgets.HOUR_SHARE, budget.hourUsed);
    return FixedPoint.min(hour, left(budget.dayFund, Budgets.DAY_SHARE, budget.dayUsed));
  },

  /** When a budget with nothing left has something again. */
  refilledAt(budget: Budget): bigint {
    const hourSpent = left(budget.hourFund, Budgets.HOUR_SHARE, budget.hourUsed) === 0n;
    const time = hourSpent ? budget.hourStart + HOUR : 0n;
    if (left(budget.dayFund, Budgets.DAY_SHARE, budget.dayUsed) !== 0n) return time;
    return FixedPoint.max(time, budget.dayStart + DAY);
  },
};

function left(fund: bigint, share: bigint, used: bigint): bigint {
  const most = mulDivDown(fund, share, 10_000n);
  return most > used ? most - used : 0n;
}
