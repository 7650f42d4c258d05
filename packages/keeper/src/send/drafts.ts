// Signatures made while nodes are asked whether a deed would do. What is signed here nobody sees before it is in the journal.
import { setImmediate, setTimeout } from "node:timers/promises";
import type { Attempt } from "../store/store.js";
import type { Deed } from "./queue.js";

interface Draft {
  readonly nonce: number;
  readonly signed: Promise<Attempt | undefined>;
}

/** Milliseconds in which the rest is planned and nodes are asked about it. */
const LATER = 4;

export class Drafts {
  private readonly byId = new Map<string, Draft>();
  private last: Promise<unknown> = Promise.resolve();

  constructor(private readonly sign: (deed: Deed, nonce: number) => Promise<Attempt>) {}

  /**
   * For the first nonce that no other draft is for. The first one after what else is to be done at once, the others after
   * what else is to be written or read by then.
   */
  begin(deed: Deed, next: number): void {
    const used = new Set([...this.byId.values()].map(({ nonce }) => nonce));
    let nonce = next;
    while (used.has(nonce)) nonce++;
    const wait = this.byId.size === 0 ? () => setTimeout(LATER) : () => setImmediate();
    const signed = this.last.then(wait).then(() => this.draw(deed, nonce));
    this.last = signed;
    this.byId.set(deed.id, { nonce, signed });
  }

  forget(id: string): void {
    this.byId.delete(id);
  }

  /** Each its attempt, by nonce from the first on: a draft keeps its nonce where it is one of these, the others fill the gaps. */
  async attempts(deeds: readonly Deed[], first: number): Promise<{ readonly deed: Deed; readonly attempt: Attempt }[]> {
    const byNonce = new Map<number, Deed>();
    const others: Deed[] = [];
    for (const deed of deeds) {
      const nonce = this.byId.get(deed.id)?.nonce ?? -1;
      if (nonce >= first && nonce < first + deeds.length && !byNonce.has(nonce)) byNonce.set(nonce, deed);
      else others.push(deed);
    }
    let gap = first;
    for (const deed of others) {
      while (byNonce.has(gap)) gap++;
      byNonce.set(gap, deed);
    }
    const inOrder = [...byNonce].sort(([a], [b]) => a - b);
    return Promise.all(inOrder.map(async ([nonce, deed]) => ({ deed, attempt: await this.signed(deed, nonce) })));
  }

  private async signed(deed: Deed, nonce: number): Promise<Attempt> {
    const draft = this.byId.get(deed.id);
    return (draft?.nonce === nonce ? await draft.signed : undefined) ?? this.sign(deed, nonce);
  }

  private async draw(deed: Deed, nonce: number): Promise<Attempt | undefined> {
    return this.byId.has(deed.id) ? this.sign(deed, nonce).catch(() => undefined) : undefined;
  }
}
