// The market in a terminal that can be drawn on: one screen that stays where it is.
import { stripVTControlCharacters, styleText } from "node:util";
import { clock, money } from "./numbers.js";
import type { Frame } from "./observer.js";
import { PERPS } from "./world.js";
import { CLOSING } from "./tally.js";
import { Plain, type View } from "./view.js";

const BARS = "▁▂▃▄▅▆▇█";
const WIDTH = 72;
/** Milliseconds between two drawings. */
const PAUSE = 120;

/** A line of bars, as wide as there is room. */
export function sparkline(values: readonly number[], width = 40): string {
  const step = Math.max(1, Math.ceil(values.length / width));
  const shown = values.filter((_, i) => i % step === 0 || i === values.length - 1);
  const [low, high] = [Math.min(...shown), Math.max(...shown)];
  const place = (value: number): number => (high === low ? 0 : Math.round(((value - low) / (high - low)) * 7));
  return shown.map((value) => BARS[place(value)]).join("");
}

const bar = (done: number): string => {
  const full = Math.round(Math.min(1, done) * WIDTH);
  return `${"━".repeat(full)}${styleText("dim", "━".repeat(WIDTH - full))}`;
};

export function drawing(frames: readonly Frame[], done: number): string[] {
  const now = frames.at(-1);
  const first = frames[0];
  if (now === undefined || first === undefined) return [];
  const move = (name: string): string => {
    const percent = 100 * ((now.prices[name] ?? 0) / (first.prices[name] ?? 1) - 1);
    return styleText(percent < 0 ? "red" : "green", `${percent >= 0 ? "+" : ""}${percent.toFixed(1)} %`.padStart(9));
  };
  const prices = PERPS.map(({ name }) => {
    const price = (now.prices[name] ?? 0).toFixed(2).padStart(10);
    return `  ${styleText("bold", name)} ${price} ${move(name)}  ${sparkline(frames.map((frame) => frame.prices[name] ?? 0))}`;
  });
  const failing = styleText(now.failing > 0 ? "yellow" : "green", String(now.failing));
  const laws = now.broken === 0 ? styleText("green", "all hold") : styleText("red", `${now.broken} BROKEN`);
  const closed = CLOSING.map((name) => `${name} ${money(now.closed[name])}`).join("   ");
  const { paid } = now;
  return [
    `${styleText("bold", now.phase)}   ${clock(now.time)}   block ${now.block}`,
    bar(done),
    ...prices,
    `  at risk    ${failing} can be liquidated, ${now.near} below health 1.2, ${now.bankrupt} went bankrupt`,
    `  lots       ${now.lots} on offer, ${money(now.inLots)} notional`,
    `  closed     ${closed}`,
    `  paid       insurance ${money(paid.insurance)}   shares ${money(paid.share)}   income ${money(paid.income)}`,
    `  insurance  ${money(now.insurance)}   deficit ${money(now.deficit)}`,
    `  laws       ${laws}`,
  ];
}

export class Screen extends Plain implements View {
  private readonly shown: Frame[] = [];
  private height = 0;
  private drawnAt = 0;

  constructor() {
    super(false);
  }

  override say(text: string): void {
    this.height = 0;
    super.say(text);
  }

  override progress(what: string, done: number, all: number): void {
    process.stdout.write(`\r${bar(done / all)} ${done} of ${all} ${what}${done === all ? "\n" : ""}`);
  }

  override frame(frame: Frame, done: number): void {
    this.shown.push(frame);
    if (Date.now() - this.drawnAt < PAUSE) return;
    this.drawnAt = Date.now();
    const lines = drawing(this.shown, done).map((line) => cut(line, process.stdout.columns));
    const back = this.height > 0 ? `\u001b[${this.height}A` : "";
    process.stdout.write(`${back}${lines.map((line) => `\u001b[2K${line}\n`).join("")}`);
    this.height = lines.length;
  }
}

/** A line that is too long would break, and the next drawing be one line too low. */
function cut(line: string, columns = 100): string {
  return stripVTControlCharacters(line).length < columns ? line : stripVTControlCharacters(line).slice(0, columns - 1);
}
