// Signed orders as they travel between programs: one JSON a line, numbers as text.
import { readFile } from "node:fs/promises";
import { CONDITIONS, createOrder, type SignedOrder } from "@ballast/sdk";
import { isAddress, isHex } from "viem";
import { z } from "zod";
import { OrdersUnreadable } from "./errors.js";

const integer = z.union([z.string().regex(/^-?\d+$/), z.int()]).transform(BigInt);

const signed = z.object({
  order: z.object({
    account: integer,
    asset: z.coerce.number().int(),
    size: integer,
    limit: integer,
    nonce: integer,
    expiry: integer,
    notBefore: integer.default(0n),
    maxFee: z.coerce.number().int().default(2_000),
    reduceOnly: z.boolean().default(false),
    condition: z.enum(CONDITIONS).default("None"),
    level: integer.default(0n),
    target: integer.default(0n),
    tip: integer.default(0n),
  }),
  signer: z.custom<`0x${string}`>((value) => typeof value === "string" && isAddress(value, { strict: false })),
  signature: z.custom<`0x${string}`>((value) => isHex(value)),
});

export function writeOrders(orders: readonly SignedOrder[]): string {
  const text = (_: string, value: unknown): unknown => (typeof value === "bigint" ? String(value) : value);
  return orders.map((order) => `${JSON.stringify(order, text)}\n`).join("");
}

/** A line that is no order is passed, and counted. */
export function parseOrders(content: string): { orders: SignedOrder[]; bad: number } {
  const lines = content.split("\n").filter((line) => line.trim() !== "");
  const orders = lines.flatMap((line) => parseOrder(line));
  return { orders, bad: lines.length - orders.length };
}

function parseOrder(line: string): SignedOrder[] {
  try {
    const { order, ...rest } = signed.parse(JSON.parse(line));
    return [{ order: createOrder(order), ...rest }];
  } catch {
    return [];
  }
}

/** Milliseconds for an answer. */
const TIMEOUT = 5_000;

/** A file or an address with orders, read again every now and then. */
export class OrderBook {
  private orders: readonly SignedOrder[] = [];
  private readAt = -Infinity;

  constructor(
    private readonly source: string,
    /** Milliseconds between two looks. */
    private readonly reload: number,
  ) {}

  async all(): Promise<readonly SignedOrder[]> {
    if (performance.now() - this.readAt < this.reload) return this.orders;
    const { orders } = parseOrders(await this.read());
    this.readAt = performance.now();
    return (this.orders = orders);
  }

  private async read(): Promise<string> {
    if (!/^https?:\/\//.test(this.source)) return this.readFile();
    try {
      const response = await fetch(this.source, { signal: AbortSignal.timeout(TIMEOUT) });
      if (!response.ok) throw new OrdersUnreadable(new URL(this.source).host, `HTTP ${response.status}`);
      return await response.text();
    } catch (error) {
      if (error instanceof OrdersUnreadable) throw error;
      throw new OrdersUnreadable(new URL(this.source).host, "no answer", error);
    }
  }

  private async readFile(): Promise<string> {
    try {
      return await readFile(this.source, "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
      throw new OrdersUnreadable(this.source, "cannot be read", error);
    }
  }
}
