// What a keeper counts.
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from "prom-client";

const PREFIX = "ballast_keeper_";
/** Seconds: from a price to a transaction on the wire. */
const FAST = [0.002, 0.005, 0.01, 0.015, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export class Metrics {
  readonly registry = new Registry();
  private readonly registers = [this.registry];

  readonly block = this.gauge("block", "The block handled last.");
  readonly blockAge = this.gauge("block_age_seconds", "How old the block handled last is.");
  readonly blocks = this.counter("blocks_total", "Blocks applied.");
  readonly undone = this.counter("blocks_undone_total", "Blocks that the chain left behind.");
  readonly accounts = this.gauge("accounts", "Accounts with a leg.");
  readonly candidates = this.gauge("candidates", "Accounts that can be liquidated now.");
  readonly pending = this.gauge("pending", "Transactions without an outcome.");
  readonly resting = this.gauge("resting", "Deeds that wait after an outcome that was none.");
  readonly planSeconds = this.histogram("plan_seconds", "From a block applied to its plan.");
  readonly sentSeconds = this.histogram("price_to_sent_seconds", "From word of a price to the write on the socket.");
  readonly planned = this.counter("intents_total", "Intents handed to the sender.", ["strategy"]);
  readonly sent = this.counter("sent_total", "Transactions on the wire.", ["strategy"]);
  readonly outcomes = this.counter("outcomes_total", "What became of intents.", ["strategy", "kind"]);
  readonly strategyErrors = this.counter("strategy_errors_total", "Plans that failed.", ["strategy"]);
  readonly rpc = this.counter("rpc_requests_total", "Calls to nodes.", ["method"]);
  readonly troubles = this.counter("troubles_total", "Failures of nodes that may pass.", ["kind"]);
  readonly alerts = this.counter("alerts_total", "What the webhook was told.", ["kind", "result"]);

  constructor() {
    collectDefaultMetrics({ register: this.registry });
  }

  private gauge(name: string, help: string): Gauge {
    return new Gauge({ name: PREFIX + name, help, registers: this.registers });
  }

  private counter<Label extends string>(name: string, help: string, labelNames: Label[] = []): Counter<Label> {
    return new Counter({ name: PREFIX + name, help, labelNames, registers: this.registers });
  }

  private histogram(name: string, help: string): Histogram {
    return new Histogram({ name: PREFIX + name, help, buckets: FAST, registers: this.registers });
  }
}
