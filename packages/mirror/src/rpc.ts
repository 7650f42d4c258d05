// JSON-RPC over one or several urls: one that fails is passed, and when all of them failed there is a pause and another
// round. What a node says is checked for form; an answer that is an error is an error here.
import { BadAnswer, RpcFailed, RpcRefused } from "./errors.js";

export interface RpcCall {
  readonly method: string;
  readonly params: readonly unknown[];
}

/** What the mirror needs of a node. */
export interface Rpc {
  /** The results, in the order of the calls; one that is refused refuses them all. */
  batch(calls: readonly RpcCall[]): Promise<unknown[]>;
  /** The same of each node alone, for second opinions. */
  readonly nodes: readonly Rpc[];
  /** What the node preferred now said turned out wrong. */
  distrust(): void;
}

export interface HttpRpcOptions {
  /** Milliseconds that one request may take. */
  readonly timeout?: number;
  /** Rounds over all urls. */
  readonly rounds?: number;
  /** Milliseconds of the first pause between rounds; it doubles every time. */
  readonly pause?: number;
  /** Calls in one request. */
  readonly batchSize?: number;
}

interface Answer {
  readonly id?: unknown;
  readonly result?: unknown;
  readonly error?: { readonly code?: number; readonly message?: string; readonly data?: unknown };
}

/** Of a node, not of the call: another node, or the same one later, may answer. */
const TRANSIENT =
  /rate|too many requests|capacity|timeout|timed out|unavailable|overload|header not found|unknown block/i;
const TRANSIENT_CODES = new Set([-32603, -32005, -32016, -32097, 429]);
/** Too much at once, which no pause makes less. */
export const TOO_LARGE =
  /range|too many (blocks|logs|results)|more than \d+|limit(ed)? to|response size|exceeds? (the )?max|too large|query returned/i;

/** Milliseconds: however long a node asks us to wait. */
const LONGEST_PAUSE = 30_000;

/** The node is not well; the call may be. */
class NodeTrouble extends BadAnswer {
  constructor(
    method: string,
    reason: string,
    readonly after = 0,
  ) {
    super(method, reason);
  }
}

export class HttpRpc implements Rpc {
  private readonly options: Required<HttpRpcOptions>;
  private preferred = 0;
  private id = 0;

  constructor(
    private readonly urls: readonly string[],
    options: HttpRpcOptions = {},
  ) {
    if (urls.length === 0) throw new RpcFailed("connect", ["no url is given"]);
    this.options = { timeout: 20_000, rounds: 4, pause: 250, batchSize: 100, ...options };
  }

  async batch(calls: readonly RpcCall[]): Promise<unknown[]> {
    const results: unknown[] = [];
    for (let i = 0; i < calls.length; i += this.options.batchSize)
      results.push(...(await this.persist(calls.slice(i, i + this.options.batchSize))));
    return results;
  }

  get nodes(): readonly Rpc[] {
    return this.urls.length === 1 ? [this] : this.urls.map((url) => new HttpRpc([url], { ...this.options, rounds: 1 }));
  }

  /** Prefers the next url from now on. */
  distrust(): void {
    this.preferred = (this.preferred + 1) % this.urls.length;
  }

  private async persist(calls: readonly RpcCall[]): Promise<unknown[]> {
    const attempts: string[] = [];
    const method = calls[0]?.method ?? "";
    for (let round = 0, after = 0; round < this.options.rounds; round++) {
      if (round > 0) await pause(Math.max(this.options.pause * 2 ** (round - 1), after));
      for (let turn = 0; turn < this.urls.length; turn++) {
        const url = this.urls[this.preferred] ?? "";
        try {
          return await this.post(url, calls);
        } catch (error) {
          if (!(error instanceof NodeTrouble)) throw error;
          attempts.push(`${hostOf(url)}: ${error.reason}`);
          after = Math.min(Math.max(after, error.after), LONGEST_PAUSE);
          this.distrust();
        }
      }
    }
    throw new RpcFailed(method, attempts);
  }

  private async post(url: string, calls: readonly RpcCall[]): Promise<unknown[]> {
    const method = calls[0]?.method ?? "";
    const first = this.id;
    this.id += calls.length;
    const body = calls.map((call, i) => ({ jsonrpc: "2.0", id: first + i, ...call }));
    const answers = await this.fetch(url, method, JSON.stringify(body.length === 1 ? body[0] : body));
    const byId = new Map(answers.map((answer) => [answer.id, answer]));
    return calls.map((call, i) => resultOf(call.method, byId.get(first + i) ?? soleError(answers)));
  }

  private async fetch(url: string, method: string, body: string): Promise<Answer[]> {
    let response: Response;
    let text: string;
    try {
      const headers = { "content-type": "application/json" };
      response = await fetch(url, { method: "POST", headers, body, signal: AbortSignal.timeout(this.options.timeout) });
      text = await response.text();
    } catch (error) {
      throw new NodeTrouble(method, error instanceof Error ? `${error.name} ${error.message}` : String(error));
    }
    const after = 1_000 * Number(response.headers.get("retry-after") ?? 0);
    const answers = parse(text);
    // Some nodes tell with a status what is wrong with the call.
    if (!response.ok && !answers.some(({ error }) => error !== undefined)) {
      throw new NodeTrouble(method, `HTTP ${response.status}`, Number.isFinite(after) ? after : 0);
    }
    if (answers.length === 0) throw new NodeTrouble(method, "no JSON-RPC answer");
    return answers;
  }
}

function parse(text: string): Answer[] {
  try {
    const parsed: unknown = JSON.parse(text);
    const list: unknown[] = Array.isArray(parsed) ? parsed : [parsed];
    return list.filter((one): one is Answer => typeof one === "object" && one !== null);
  } catch {
    return [];
  }
}

/** A whole batch may be answered by one error. */
function soleError(answers: readonly Answer[]): Answer | undefined {
  return answers.length === 1 && answers[0]?.error !== undefined ? answers[0] : undefined;
}

function resultOf(method: string, answer: Answer | undefined): unknown {
  if (answer === undefined) throw new NodeTrouble(method, "an answer is missing");
  if (answer.error === undefined) {
    if (!("result" in answer)) throw new NodeTrouble(method, "neither a result nor an error");
    return answer.result;
  }
  const { code = 0, message = "", data } = answer.error;
  const large = method === "eth_getLogs" && TOO_LARGE.test(message);
  if (!large && (TRANSIENT_CODES.has(code) || TRANSIENT.test(message))) throw new NodeTrouble(method, message);
  throw new RpcRefused(method, code, message, data);
}

/** Urls carry keys: only the host is told. */
function hostOf(url: string): string {
  try {
    return new URL(url).host;
  } catch {
    return "not a url";
  }
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** A wallet's or a test network's own provider. */
export class ProviderRpc implements Rpc {
  readonly nodes: readonly Rpc[] = [this];

  constructor(private readonly provider: { request(call: { method: string; params: unknown[] }): Promise<unknown> }) {}

  distrust(): void {
    // There is no other.
  }

  batch(calls: readonly RpcCall[]): Promise<unknown[]> {
    return Promise.all(
      calls.map(async ({ method, params }) => {
        try {
          return await this.provider.request({ method, params: [...params] });
        } catch (error) {
          const { data } = (error ?? {}) as { data?: unknown };
          throw new RpcRefused(method, codeOf(error), error instanceof Error ? error.message : String(error), data);
        }
      }),
    );
  }
}

function codeOf(error: unknown): number {
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : 0;
  return typeof code === "number" ? code : 0;
}
