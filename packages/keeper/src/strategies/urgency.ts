// What goes first when not everything can go at once. Liquidations have their own, from how far an account has fallen.

export const Urgency = {
  /** Quotes that are wrong lose money with every block. */
  cancel: 0.95,
  trigger: 0.8,
  bid: 0.7,
  hedge: 0.6,
  update: 0.5,
  latch: 0.45,
  pay: 0.4,
  spot: 0.35,
  unwind: 0.3,
  sweep: 0.2,
  settle: 0.15,
  accrue: 0.1,
  fees: 0.05,
} as const;
