// Who waits for what: by the id of the intent, so that it does not matter who settles it.
import type { Outcome, Sent, Ticket } from "./intent.js";

interface Waiting {
  readonly sent: PromiseWithResolvers<Sent | Outcome>;
  readonly outcome: PromiseWithResolvers<Outcome>;
}

export class Tickets {
  private readonly waiting = new Map<string, Waiting>();

  open(id: string): Ticket {
    const waiting = { sent: deferred<Sent | Outcome>(), outcome: deferred<Outcome>() };
    this.waiting.set(id, waiting);
    return { id, sent: waiting.sent.promise, outcome: waiting.outcome.promise };
  }

  get ids(): string[] {
    return [...this.waiting.keys()];
  }

  sent(id: string, sent: Sent): void {
    this.waiting.get(id)?.sent.resolve(sent);
  }

  end(id: string, outcome: Outcome): void {
    const waiting = this.waiting.get(id);
    this.waiting.delete(id);
    waiting?.sent.resolve(outcome);
    waiting?.outcome.resolve(outcome);
  }

  abandon(error: Error): void {
    for (const { sent, outcome } of this.waiting.values()) {
      sent.reject(error);
      outcome.reject(error);
    }
    this.waiting.clear();
  }
}

interface PromiseWithResolvers<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (error: Error) => void;
}

function deferred<T>(): PromiseWithResolvers<T> {
  let resolve!: (value: T) => void;
  let reject!: (error: Error) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  // Nobody has to wait for both.
  promise.catch(() => undefined);
  return { promise, resolve, reject };
}
