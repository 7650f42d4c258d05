// Tells people what they have to know: one POST of JSON for each, tried again while the other side does not take it.
import type { Log } from "./log.js";
import { WebhookFailed } from "./errors.js";
import type { Metrics } from "./metrics.js";

export interface Alert {
  /** "margin call", "stalled", … */
  readonly kind: string;
  readonly text: string;
  readonly [detail: string]: unknown;
}

export interface WebhookOptions {
  readonly url?: string | undefined;
  readonly retries: number;
  /** Milliseconds of the first pause; it doubles. */
  readonly pause: number;
}

/** Alerts that wait; the oldest go when there are more. */
const MOST = 1_000;
/** Milliseconds for one answer. */
const TIMEOUT = 10_000;

export class Webhook {
  private readonly waiting: Alert[] = [];
  private working: Promise<void> | undefined;

  constructor(
    private readonly options: WebhookOptions,
    private readonly log: Log,
    private readonly metrics: Metrics,
  ) {}

  /** Returns at once; without an address it is only logged. */
  tell(alert: Alert): void {
    const { kind, text, ...details } = alert;
    this.log.warn({ kind, ...details }, text);
    if (this.options.url === undefined) return;
    this.waiting.push(alert);
    if (this.waiting.length > MOST) this.waiting.shift();
    this.working ??= this.work().finally(() => (this.working = undefined));
  }

  /** Until everything is told, or given up. */
  async flush(): Promise<void> {
    await this.working;
  }

  private async work(): Promise<void> {
    for (let alert = this.waiting.shift(); alert !== undefined; alert = this.waiting.shift()) {
      try {
        await this.deliver(alert);
        this.metrics.alerts.inc({ kind: alert.kind, result: "told" });
      } catch (error) {
        this.metrics.alerts.inc({ kind: alert.kind, result: "lost" });
        this.log.error({ kind: alert.kind, error }, "alert lost");
      }
    }
  }

  private async deliver(alert: Alert): Promise<void> {
    const { retries, pause } = this.options;
    let [status, cause]: [number | undefined, unknown] = [undefined, undefined];
    for (let attempt = 0; attempt <= retries; attempt++) {
      if (attempt > 0) await new Promise((resolve) => setTimeout(resolve, pause * 2 ** (attempt - 1)));
      try {
        const response = await this.post(alert);
        if (response.ok) return;
        status = response.status;
        // It understood, and does not want it.
        if (status >= 400 && status < 500 && status !== 408 && status !== 429) break;
      } catch (error) {
        [status, cause] = [undefined, error];
      }
    }
    throw new WebhookFailed(status, retries + 1, cause);
  }

  private post(alert: Alert): Promise<Response> {
    const body = JSON.stringify({ ...alert, time: new Date().toISOString() }, (_, value: unknown) =>
      typeof value === "bigint" ? String(value) : value,
    );
    const headers = { "content-type": "application/json" };
    return fetch(this.options.url ?? "", { method: "POST", headers, body, signal: AbortSignal.timeout(TIMEOUT) });
  }
}
