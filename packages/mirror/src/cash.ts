// The cash of every row, and the legs that hang on it.
import type { Conservation } from "./conservation.js";
import { textTable, type Journal, type Table } from "./journal.js";
import type { Handlers } from "./ledger.js";
import type { Position } from "./positions.js";
import { keyOf } from "./rows.js";

/** A row: its cash, its legs in the order of the ledger, and the positions it closed. */
export interface Account {
  readonly cash: bigint;
  readonly legs: readonly Position[];
  readonly closed: readonly Position[];
}

const NONE: readonly Position[] = [];
const EMPTY: Account = { cash: 0n, legs: NONE, closed: NONE };

export class Cash {
  readonly accounts: Table<string, Account>;

  constructor(
    journal: Journal,
    private readonly conservation: Conservation,
  ) {
    this.accounts = textTable<Account>(journal, "accounts");
  }

  readonly on: Handlers<"clearingHouse"> = {
    CashChanged: ({ account, cash }) => {
      const before = this.account(account);
      this.conservation.rowMoved(account, cash - before.cash);
      this.accounts.set(keyOf(account), { cash, legs: before.legs, closed: before.closed });
    },
  };

  account(account: bigint): Account {
    return this.accounts.get(keyOf(account)) ?? EMPTY;
  }

  of(account: bigint): bigint {
    return this.account(account).cash;
  }

  position(account: bigint, asset: number): Position | undefined {
    const { legs, closed } = this.account(account);
    return legs.find((leg) => leg.asset === asset) ?? closed.find((leg) => leg.asset === asset);
  }

  setPosition(account: bigint, position: Position): void {
    const { cash, legs, closed } = this.account(account);
    const open = position.size !== 0n;
    this.accounts.set(keyOf(account), {
      cash,
      legs: open ? put(legs, position) : remove(legs, position.asset),
      closed: open ? drop(closed, position.asset) : put(closed, position),
    });
  }
}

function put(list: readonly Position[], position: Position): readonly Position[] {
  const i = list.findIndex(({ asset }) => asset === position.asset);
  return i < 0 ? [...list, position] : list.with(i, position);
}

function drop(list: readonly Position[], asset: number): readonly Position[] {
  if (!list.some((position) => position.asset === asset)) return list;
  return list.length === 1 ? NONE : list.filter((position) => position.asset !== asset);
}

/** The last leg takes the place of the one that leaves. */
function remove(list: readonly Position[], asset: number): readonly Position[] {
  const i = list.findIndex((position) => position.asset === asset);
  const last = list.at(-1);
  if (i < 0 || last === undefined) return list;
  return list.length === 1 ? NONE : list.with(i, last).slice(0, -1);
}
