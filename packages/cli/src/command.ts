import type { Command } from "commander";
import type { Context } from "./context.js";
import type { Report } from "./report.js";

/** One command, in a file of its own under commands/. */
export interface BallastCommand {
  /** With its arguments, as commander reads them: `account <id>`. */
  usage: string;
  summary: string;
  /** Options and help of its own. */
  configure?: (command: Command) => void;
  run: (context: Context, args: readonly string[], options: Readonly<Record<string, unknown>>) => Promise<Report>;
}

/** A command that needs no chain: it returns what the program ends with. */
export interface OfflineCommand {
  usage: string;
  summary: string;
  configure?: (command: Command) => void;
  offline: (args: readonly string[]) => number;
}
