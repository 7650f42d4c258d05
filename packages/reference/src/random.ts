/** A small seeded generator (xorshift128): the same seed gives the same run everywhere. */
export class Random {
  private state: [number, number, number, number];

  constructor(seed: number) {
    this.state = [seed | 1, 0x9e3779b9, 0x243f6a88, 0xb7e15162];
    for (let i = 0; i < 16; i++) this.next();
  }

  /** 32 random bits. */
  next(): number {
    const [x, y, z, w] = this.state;
    let t = x ^ (x << 11);
    t ^= t >>> 8;
    const value = w ^ (w >>> 19) ^ t;
    this.state = [y, z, w, value];
    return value >>> 0;
  }

  /** In [0, 1). */
  fraction(): number {
    return this.next() / 2 ** 32;
  }

  below(bound: number): number {
    return this.next() % bound;
  }

  between(lower: bigint, upper: bigint): bigint {
    const bits = (BigInt(this.next()) << 64n) | (BigInt(this.next()) << 32n) | BigInt(this.next());
    return lower + (bits % (upper - lower + 1n));
  }

  /** Standard normal. */
  normal(): number {
    return Math.sqrt(-2 * Math.log(this.fraction() + 2 ** -33)) * Math.cos(2 * Math.PI * this.fraction());
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new RangeError("nothing to pick from");
    return item;
  }
}
