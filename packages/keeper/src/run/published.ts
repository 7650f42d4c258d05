// Orders that this keeper signed, for whoever takes them: in memory for the server, in a file that is replaced as a whole.
import { rename, writeFile } from "node:fs/promises";
import type { SignedOrder } from "@ballast/sdk";
import { writeOrders } from "../strategies/orderBook.js";

export class Published {
  /** One JSON a line. */
  text = "";

  constructor(private readonly file: string | undefined) {}

  async publish(orders: readonly SignedOrder[]): Promise<void> {
    this.text = writeOrders(orders);
    if (this.file === undefined) return;
    const temporary = `${this.file}.${process.pid}.tmp`;
    await writeFile(temporary, this.text);
    await rename(temporary, this.file);
  }
}
