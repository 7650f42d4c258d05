export interface SenderOptions {
  /** Transactions under way. */
  readonly pendingLimit: number;
  /** Blocks after which one that is not included offers more. */
  readonly bumpBlocks: number;
  /** Blocks after which a deed is given up, whatever its deadline. */
  readonly lifetime: number;
  /** Blocks after which a deed of an instance that is gone is given up; its key is free then. */
  readonly orphanBlocks: number;
  /** Blocks on which something that was included may still vanish. */
  readonly depth: number;
  /** Blocks that a nonce has to be used by a stranger before it is believed. */
  readonly lostBlocks: number;
  /** Blocks after which nodes are given the same bytes again. */
  readonly resendBlocks: number;
  /** Blocks that the private relay has for it. */
  readonly relayBlocks: number;
  /** Whether everybody may see it afterwards, or when the relay does not take it. */
  readonly relayFallback: boolean;
  /** Gas of a transfer of nothing; some chains ask for more than 21,000. */
  readonly cancelGas: bigint;
  /** Milliseconds after which another instance may take over the wallet of one that is silent. */
  readonly leaseMs: number;
}

export const SENDER_OPTIONS: SenderOptions = {
  pendingLimit: 16,
  bumpBlocks: 3,
  lifetime: 30,
  orphanBlocks: 40,
  depth: 12,
  lostBlocks: 3,
  resendBlocks: 2,
  relayBlocks: 5,
  relayFallback: true,
  cancelGas: 21_000n,
  leaseMs: 5_000,
};
