// Shares of the vaults: who holds them, who asked for what, and what is locked.
import type { EventArgs } from "./events.js";
import { textTable, type Journal, type Table } from "./journal.js";
import type { At, Handlers } from "./ledger.js";

export interface Vault {
  readonly generation: bigint;
  readonly supply: bigint;
  /** The row to one who leaves, locked gains included, when the last interaction ended. */
  readonly value: bigint;
  /** What was locked at `start`, in microseconds; nothing from `end` on. */
  readonly gains: { readonly amount: bigint; readonly start: bigint; readonly end: bigint };
}

export interface Request {
  readonly shares: bigint;
  readonly value: bigint;
  readonly claimableAt: bigint;
}

const NO_VAULT: Vault = { generation: 0n, supply: 0n, value: 0n, gains: { amount: 0n, start: 0n, end: 0n } };
const NO_REQUEST: Request = { shares: 0n, value: 0n, claimableAt: 0n };
const NOBODY = /^0x0+$/;
type Minute = EventArgs<"vault", "SpotSold">["minute"];
const NO_MINUTE: Minute = { used: 0n, start: 0 };

export class Vaults {
  private readonly vaults: Table<string, Vault>;
  private readonly balances: Table<string, { readonly shares: bigint }>;
  private readonly requests: Table<string, Request>;
  private readonly minutes: Table<string, Minute>;
  private readonly operators: Table<string, { readonly approved: true }>;

  constructor(journal: Journal) {
    this.vaults = textTable<Vault>(journal, "vaults");
    this.balances = textTable(journal, "balances");
    this.requests = textTable<Request>(journal, "requests");
    this.minutes = textTable<Minute>(journal, "minutes");
    this.operators = textTable(journal, "vaultOperators");
  }

  readonly on: Handlers<"vault"> = {
    Transfer: ({ from, to, value }, { emitter }) => {
      if (NOBODY.test(from)) this.change(emitter, { supply: this.of(emitter).supply + value });
      else this.give(emitter, from, -value);
      if (NOBODY.test(to)) this.change(emitter, { supply: this.of(emitter).supply - value });
      else this.give(emitter, to, value);
    },
    GenerationEnded: ({ generation }, { emitter }) => this.change(emitter, { generation: generation + 1n, supply: 0n }),
    RequestChanged: ({ controller, shares, value, claimableAt }, { emitter }) => {
      const key = this.keyOf(emitter, controller);
      if (shares === 0n) this.requests.delete(key);
      else this.requests.set(key, { shares, value, claimableAt });
    },
    Valued: ({ value, locked, start, end }, { emitter }) =>
      this.change(emitter, { value, gains: { amount: locked, start, end } }),
    OperatorSet: ({ controller, operator, approved }, at) => this.setOperator(controller, operator, approved, at),
    SpotSold: ({ spot, minute }, { emitter }) => this.minutes.set(`${emitter}/${spot}`, minute),
    Unwound: ({ asset, minute }, { emitter }) => this.minutes.set(`${emitter}/${asset}`, minute),
  };

  of(vault: string): Vault {
    return this.vaults.get(vault.toLowerCase()) ?? NO_VAULT;
  }

  balanceOf(vault: string, holder: string): bigint {
    return this.balances.get(this.keyOf(vault, holder))?.shares ?? 0n;
  }

  /** Who has shares of the present generation. */
  *holders(vault: string): IterableIterator<{ holder: string; shares: bigint }> {
    const prefix = this.keyOf(vault, "");
    for (const [key, { shares }] of this.balances.entries())
      if (key.startsWith(prefix)) yield { holder: key.slice(prefix.length), shares };
  }

  /** A controller's request of this generation. */
  requestOf(vault: string, controller: string): Request {
    return this.requests.get(this.keyOf(vault, controller)) ?? NO_REQUEST;
  }

  /** What the vault sold of an asset, in notional, in the minute since `start`. */
  minuteOf(vault: string, asset: number): Minute {
    return this.minutes.get(`${vault.toLowerCase()}/${asset}`) ?? NO_MINUTE;
  }

  isOperator(vault: string, controller: string, operator: string): boolean {
    return this.operators.get(`${vault}/${controller}/${operator}`.toLowerCase()) !== undefined;
  }

  private keyOf(vault: string, holder: string): string {
    return `${vault}/${this.of(vault).generation}/${holder}`.toLowerCase();
  }

  private change(vault: string, part: Partial<Vault>): void {
    this.vaults.set(vault, { ...this.of(vault), ...part });
  }

  private give(vault: string, holder: string, value: bigint): void {
    const shares = this.balanceOf(vault, holder) + value;
    if (shares === 0n) this.balances.delete(this.keyOf(vault, holder));
    else this.balances.set(this.keyOf(vault, holder), { shares });
  }

  private setOperator(controller: string, operator: string, approved: boolean, { emitter }: At): void {
    const key = `${emitter}/${controller}/${operator}`;
    if (approved) this.operators.set(key, { approved });
    else this.operators.delete(key);
  }
}
